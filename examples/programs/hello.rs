fn main() {
    let squares: Vec<String> = (0..10).map(|n| (n * n).to_string()).collect();
    println!("Rust says hello; the squares are {}", squares.join(" "));
}
