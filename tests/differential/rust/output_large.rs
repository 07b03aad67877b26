fn main() {
    for i in 0..50000 {
        println!("line {i}");
    }
    eprintln!("end");
}
