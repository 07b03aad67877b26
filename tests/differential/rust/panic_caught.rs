fn main() {
    let caught = std::panic::catch_unwind(|| {
        let none: Option<i32> = None;
        none.expect("nothing there")
    });
    println!("{}", caught.is_err());
}
