fn main() {
    println!("unclosed
}
