//! One program for all of them: linking one takes longer than running it.

mod encrypted;
mod paths;
mod runs;
mod sabotage;
mod scenarios;
