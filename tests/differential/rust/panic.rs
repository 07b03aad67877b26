fn main() {
    let n = std::env::args().count();
    println!("{}", [1, 2, 3][n + 5]);
}
