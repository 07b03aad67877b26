fn main() {
    let thread = std::thread::Builder::new().name("worker".into()).spawn(|| panic!("in thread {}", 1)).unwrap();
    println!("{:?}", thread.join().is_err());
}
