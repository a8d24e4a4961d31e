//! One program for all of them: linking one takes longer than running it.

mod encrypted;
mod runs;
mod sabotage;
mod scenarios;
