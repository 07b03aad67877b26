use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::thread;

fn main() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in "to be or not to be".split_whitespace() {
        *counts.entry(word).or_default() += 1;
    }
    println!("{counts:?}");

    let mut heap: BinaryHeap<u32> = [3, 9, 4].into_iter().collect();
    println!("{:?} then {:?}", heap.pop(), heap.pop());

    let squares: Vec<_> = (1..=4u64).map(|n| thread::spawn(move || n * n)).collect();
    let squares: HashSet<u64> = squares.into_iter().map(|square| square.join().unwrap()).collect();
    println!("{}", squares.iter().sum::<u64>());
}
