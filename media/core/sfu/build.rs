//! Lets `tests/support/replay.rs` answer those, too, who look for `getrandom` among the program's symbols when it runs.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-tests=-Wl,--export-dynamic-symbol=getrandom");
}
