// kiln: {"files": {"other.rs": "pub fn name() -> String { format!(\"{} {}\", file!(), line!()) }\n"}}
mod other;

fn main() {
    println!("{} {} {}", other::name(), file!(), module_path!());
}
