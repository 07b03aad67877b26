fn unused() {}

fn main() {
    let x = 5;
    let mut y: Vec<i32> = Vec::new();
    println!("done");
}
