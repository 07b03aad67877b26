fn main() {
    let x: i32 = "text";
    undefined(x);
    use nowhere::Thing;
}
