//! In which order the ways of a round are measured.
//!
//! What is measured finds caches and the engine as the one before has left them. So the order changes from round to round, such that
//! within as many rounds as there are ways, or twice as many where their number is odd, each comes right after each
//! other equally often, and is at each place equally often (E. J. Williams, "Experimental designs balanced for the estimation of residual effects of treatments", 1949).

/// The ways in the order of a round; a way is one of so many numbers from 0.
pub(crate) fn of_round(round: usize, ways: usize) -> Vec<usize> {
    // 0, n - 1, 1, n - 2, 2 and so on: the distances between neighbours are all different.
    let zigzag = (0..ways).map(|place| if place % 2 == 0 { place / 2 } else { ways - 1 - place / 2 });
    let mut order: Vec<usize> = zigzag.map(|way| (way + round) % ways).collect();
    // An odd number of them is balanced by the mirror image.
    if ways % 2 == 1 && (round / ways) % 2 == 1 {
        order.reverse();
    }
    order
}
