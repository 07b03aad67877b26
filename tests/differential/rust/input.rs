// kiln: {"stdin": "a\nb", "args": ["x y", ""], "env": {"ONE": "1"}}
use std::io::Read;

fn main() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    println!("{text:?} {:?} {:?}", std::env::args().skip(1).collect::<Vec<_>>(), std::env::var("ONE"));
}
