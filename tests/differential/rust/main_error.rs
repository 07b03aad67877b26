fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number: i32 = "x".parse()?;
    println!("{number}");
    Ok(())
}
