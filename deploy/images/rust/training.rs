//! What programs commonly use, for the compiler to show which of its code that needs: this is compiled when the image is
//! built, and never run.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::io::{self, BufRead, Read, Write};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Colour {
    Red,
    Green(u8),
}

trait Shape {
    fn area(&self) -> f64;
}

struct Square(f64);

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}

impl fmt::Display for Square {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

fn largest<T: PartialOrd + Copy>(values: &[T]) -> Option<T> {
    let mut values = values.iter().copied();
    let first = values.next()?;
    Some(values.fold(first, |most, value| if value > most { value } else { most }))
}

fn sum(line: &str) -> Result<i64, std::num::ParseIntError> {
    line.split_whitespace().map(str::parse::<i64>).sum()
}

fn main() {
    let mut input = String::new();
    io::stdin().lock().read_line(&mut input).unwrap();
    let total = match sum(input.trim()) {
        Ok(total) => total,
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(2);
        }
    };
    io::stdin().read_to_string(&mut input).unwrap();
    let mut counts: HashMap<String, usize> = HashMap::new();
    for word in input.split(|character: char| !character.is_alphanumeric()) {
        *counts.entry(word.to_lowercase()).or_insert(0) += 1;
    }
    let mut words: Vec<(String, usize)> = counts.into_iter().collect();
    words.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let places: BTreeMap<usize, &str> = words.iter().map(|(word, count)| (*count, word.as_str())).collect();
    let mut queue: VecDeque<u64> = (1..=10).collect();
    while let Some(number) = queue.pop_front() {
        if number % 3 == 0 && queue.len() > 2 {
            queue.push_back(number / 3);
        }
    }
    let shapes: Vec<Box<dyn Shape>> = vec![Box::new(Square(1.5)), Box::new(Square(2.0))];
    let area: f64 = shapes.iter().map(|shape| shape.area()).sum();
    let mut out = io::stdout().lock();
    writeln!(out, "{total} {places:?} {area:.3} {:?} {}", largest(&[1, 3, 2]), Square(1.0)).unwrap();
    println!("{:?} {:?}", Colour::Red.max(Colour::Green(3)), "text".chars().rev().collect::<String>());
}
