//! The order of each row, with few crossings: barycenter sweeps (Sugiyama, Tagawa and Toda, 1981).

use super::rows::{Item, Rows, at, of};

/// Maximum number of sweeps.
const SWEEPS: usize = 24;

/// Number of sweeps without improvement after which the best order is taken.
const PATIENCE: usize = 6;

/// Orders each row by where the neighbors of its items are, down and up, and keeps the best order.
pub fn improve(rows: &mut Rows) {
    let mut places = vec![0.0; rows.row.len()];
    for row in 0..rows.order.len() {
        note(rows, row, &mut places);
    }
    let mut best = (cost(rows), rows.order.clone());
    let mut idle = 0;
    for sweep in 0..SWEEPS {
        if best.0 == 0 || idle == PATIENCE {
            break;
        }
        let last = rows.order.len().saturating_sub(1);
        for step in 0..=last {
            let (row, upwards) = if sweep % 2 == 0 { (step, true) } else { (last - step, false) };
            sort(rows, row, upwards, &mut places);
        }
        let cost = cost(rows);
        idle += 1;
        if cost < best.0 {
            best = (cost, rows.order.clone());
            idle = 0;
        }
    }
    rows.order = best.1;
}

/// Notes the place of each item of a row, as a share of its width.
fn note(rows: &Rows, row: usize, places: &mut [f64]) {
    let members = rows.order.get(row).map_or(&[][..], Vec::as_slice);
    for (at, item) in members.iter().enumerate() {
        if let Some(place) = places.get_mut(*item) {
            *place = (at as f64 + 0.5) / members.len() as f64;
        }
    }
}

/// Sorts a row by the mean place of the neighbors of each item, above or below, and in the row itself.
fn sort(rows: &mut Rows, row: usize, upwards: bool, places: &mut [f64]) {
    let Some(mut members) = rows.order.get_mut(row).map(std::mem::take) else { return };
    let key = |item: Item| {
        let beyond = of(if upwards { &rows.up } else { &rows.down }, item);
        let near = beyond.iter().chain(of(&rows.beside, item));
        let (sum, count) =
            near.fold((0.0, 0), |(sum, count), other| (sum + at(places, *other), count + 1));
        if count == 0 { at(places, item) } else { sum / f64::from(count) }
    };
    let mut keyed: Vec<(f64, Item)> = members.iter().map(|item| (key(*item), *item)).collect();
    keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
    members.clear();
    members.extend(keyed.iter().map(|(_, item)| *item));
    if let Some(order) = rows.order.get_mut(row) {
        *order = members;
    }
    note(rows, row, places);
}

/// The number of crossings between rows, and of items between neighbors in a row.
pub fn cost(rows: &Rows) -> usize {
    let mut index = vec![0; rows.row.len()];
    for members in &rows.order {
        for (at, item) in members.iter().enumerate() {
            if let Some(index) = index.get_mut(*item) {
                *index = at;
            }
        }
    }
    let mut cost = 0;
    for members in &rows.order {
        let mut ends: Vec<usize> = Vec::new();
        let mut widest = 0;
        for item in members {
            let start = ends.len();
            ends.extend(of(&rows.down, *item).iter().map(|other| at(&index, *other)));
            ends.get_mut(start..).unwrap_or_default().sort_unstable();
            widest = ends.iter().skip(start).fold(widest, |widest, end| widest.max(*end));
            let beside = of(&rows.beside, *item).iter();
            let between = beside
                .map(|other| at(&index, *item).abs_diff(at(&index, *other)).saturating_sub(1));
            // Each pair is seen twice.
            cost += between.sum::<usize>().div_ceil(2);
        }
        cost += inversions(&ends, widest + 1);
    }
    cost
}

/// The number of pairs in the wrong order, with a Fenwick tree of the numbers so far.
fn inversions(numbers: &[usize], size: usize) -> usize {
    let mut tree = vec![0_usize; size + 1];
    let mut inversions = 0;
    for (seen, number) in numbers.iter().enumerate() {
        let mut at_most = 0;
        let mut node = number + 1;
        while node > 0 {
            at_most += at(&tree, node);
            node -= node & node.wrapping_neg();
        }
        inversions += seen - at_most;
        let mut node = number + 1;
        while let Some(count) = tree.get_mut(node) {
            *count += 1;
            node += node & node.wrapping_neg();
        }
    }
    inversions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn inversions_are_counted(numbers in prop::collection::vec(0_usize..20, 0..40)) {
            let pairs = numbers.iter().enumerate();
            let expected: usize =
                pairs.map(|(at, one)| numbers[at + 1..].iter().filter(|other| *other < one).count()).sum();
            prop_assert_eq!(inversions(&numbers, 20), expected);
        }
    }
}
