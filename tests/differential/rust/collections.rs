use std::collections::{BTreeMap, HashMap};

fn main() {
    let mut counts = HashMap::new();
    for word in "a b a c b a".split(' ') {
        *counts.entry(word).or_insert(0) += 1;
    }
    println!("{:?} {:?}", counts.iter().collect::<BTreeMap<_, _>>(), std::any::type_name::<HashMap<u8, u8>>());
}
