use std::sync::{Arc, Mutex, mpsc};

fn main() {
    let total = Arc::new(Mutex::new(0));
    let (send, receive) = mpsc::channel();
    for i in 0..8 {
        let (total, send) = (total.clone(), send.clone());
        std::thread::spawn(move || {
            *total.lock().unwrap() += i;
            send.send(i).unwrap();
        });
    }
    drop(send);
    println!("{} {}", receive.iter().sum::<i32>(), total.lock().unwrap());
}
