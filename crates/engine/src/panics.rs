//! Panics that cost one transport only: caught, kept off the terminal, and told with their place.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static CATCHING: Cell<u32> = const { Cell::new(0) };
    static PLACE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `work`; a panic in it becomes an error text. What `work` was changing must not be used afterwards.
pub fn catch<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |info| {
            // A hostile description that makes a library panic must not fill anybody's log.
            if CATCHING.get() > 0 {
                PLACE.set(place(info));
            } else {
                usual(info);
            }
        }));
    });
    CATCHING.set(CATCHING.get() + 1);
    let result = catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(CATCHING.get() - 1);
    result.map_err(|panic| format!("panic: {}{}", text(&*panic), PLACE.take()))
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "no message".to_owned())
}

/// The file's last parts only: where a machine keeps its sources is nobody's business.
fn place(info: &PanicHookInfo) -> String {
    let Some(location) = info.location() else {
        return String::new();
    };
    let parts: Vec<&str> = location.file().split(['/', '\\']).collect();
    let tail = &parts[parts.len().saturating_sub(3)..];
    format!(" ({}:{})", tail.join("/"), location.line())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_text_with_its_place() {
        let caught = catch(|| -> u32 { panic!("number {}", 7) });
        let text = caught.unwrap_err();
        assert!(
            text.starts_with("panic: number 7 (engine/src/panics.rs:"),
            "{text}"
        );
        assert_eq!(catch(|| 5), Ok(5));
    }

    #[test]
    fn catching_can_be_nested() {
        let outer = catch(|| {
            let inner = catch(|| panic!("inner")).unwrap_err();
            assert!(inner.contains("inner"));
            panic!("outer");
        });
        assert!(outer.unwrap_err().contains("outer"));
    }
}
