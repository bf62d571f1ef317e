//! Horizontal places: each item as near to its neighbors as the order and the widths allow.

use super::rows::{Item, Rows, at, of};

/// Number of sweeps, down and up.
const SWEEPS: usize = 12;

/// Space in pixels between two containers.
pub const GAP: f64 = 28.0;

/// Space in pixels between a trunk and what is beside it.
const TRUNK_GAP: f64 = 14.0;

/// How much more a trunk resists a bend than a container resists being off its neighbors.
const TRUNK_WEIGHT: f64 = 40.0;

/// The center of each item in whole pixels. `widths` has the width of each node.
pub fn place(rows: &Rows, widths: &[f64]) -> Vec<f64> {
    let mut x = vec![0.0; rows.row.len()];
    for members in &rows.order {
        let offsets = offsets(rows, widths, members);
        let middle = offsets.last().map_or(0.0, |last| last / 2.0);
        for (item, offset) in members.iter().zip(offsets) {
            set(&mut x, *item, offset - middle);
        }
    }
    for sweep in 0..SWEEPS {
        let last = rows.order.len().saturating_sub(1);
        // The last two take both sides into account.
        let both = sweep + 2 >= SWEEPS;
        for step in 0..=last {
            let (row, upwards) = if sweep % 2 == 0 { (step, true) } else { (last - step, false) };
            let members = rows.order.get(row).map_or(&[][..], Vec::as_slice);
            let offsets = offsets(rows, widths, members);
            let wishes: Vec<Option<(f64, f64)>> =
                members.iter().map(|item| wish(rows, &x, *item, upwards, both)).collect();
            for (item, center) in members.iter().zip(settle(&wishes, &offsets)) {
                set(&mut x, *item, center);
            }
        }
    }
    let left = |(item, x): (usize, &f64)| x - at(widths, item) / 2.0;
    let leftmost = x.iter().enumerate().map(left).fold(f64::INFINITY, f64::min);
    x.iter().map(|x| (x - leftmost).round()).collect()
}

fn set(x: &mut [f64], item: Item, center: f64) {
    if let Some(x) = x.get_mut(item) {
        *x = center;
    }
}

/// The distance of each item of a row from the first one if they are as near as allowed.
fn offsets(rows: &Rows, widths: &[f64], members: &[Item]) -> Vec<f64> {
    let mut offset = 0.0;
    let mut before: Option<Item> = None;
    let mut offsets = Vec::with_capacity(members.len());
    for item in members {
        if let Some(before) = before {
            let gap = if before.max(*item) < rows.nodes { GAP } else { TRUNK_GAP };
            offset += (at(widths, before) + at(widths, *item)) / 2.0 + gap;
        }
        offsets.push(offset);
        before = Some(*item);
    }
    offsets
}

/// Where an item would best be, and how much it matters. `None` if it has no neighbors.
fn wish(rows: &Rows, x: &[f64], item: Item, upwards: bool, both: bool) -> Option<(f64, f64)> {
    let near = of(if upwards { &rows.up } else { &rows.down }, item);
    let far: &[Item] =
        if both { of(if upwards { &rows.down } else { &rows.up }, item) } else { &[] };
    // A trunk is straight, wherever what leaves it goes.
    let is_trunk = item >= rows.nodes;
    let continued = is_trunk && near.iter().chain(far).any(|other| *other >= rows.nodes);
    let near = near.iter().chain(far).filter(|other| !continued || **other >= rows.nodes);
    let mut places: Vec<f64> = near.map(|other| at(x, *other)).collect();
    places.sort_by(f64::total_cmp);
    let middle = places.len() / 2;
    let median = match places.len() {
        0 => return None,
        length if length % 2 == 1 => at(&places, middle),
        _ => f64::midpoint(at(&places, middle - 1), at(&places, middle)),
    };
    Some((median, if is_trunk { TRUNK_WEIGHT } else { 1.0 }))
}

/// The centers with the least sum of weighted squares of distances from the wishes that are at least as
/// far apart as their offsets: an isotonic regression, by pooling adjacent violators. Items without a wish
/// are next to the one before them, or else to the one behind them.
fn settle(wishes: &[Option<(f64, f64)>], offsets: &[f64]) -> Vec<f64> {
    // Of each block of items that touch: where it starts, its weight, and how many wishes it has.
    let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
    for (wish, offset) in wishes.iter().zip(offsets) {
        let Some((wish, weight)) = wish else { continue };
        let mut new = (wish - offset, *weight, 1);
        while let Some(last) = blocks.pop_if(|last| last.0 > new.0) {
            let weight = last.1 + new.1;
            new = ((last.0 * last.1 + new.0 * new.1) / weight, weight, last.2 + new.2);
        }
        blocks.push(new);
    }
    let mut starts =
        blocks.iter().flat_map(|(start, _, count)| std::iter::repeat_n(*start, *count));
    // In a row without wishes, the middle is at 0.
    let middle = offsets.last().map_or(0.0, |last| -last / 2.0);
    let mut start = blocks.first().map_or(middle, |first| first.0);
    let centers = wishes.iter().zip(offsets).map(|(wish, offset)| {
        if wish.is_some() {
            start = starts.next().unwrap_or(start);
        }
        start + offset
    });
    centers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_settle_where_they_wish_or_share_the_difference() {
        let offsets = [0.0, 10.0, 20.0];
        let settled = |wishes: [f64; 3]| settle(&wishes.map(|wish| Some((wish, 1.0))), &offsets);
        assert_eq!(settled([0.0, 30.0, 60.0]), [0.0, 30.0, 60.0]);
        assert_eq!(settled([50.0, 50.0, 50.0]), [40.0, 50.0, 60.0]);
        assert_eq!(settled([0.0, 50.0, 50.0]), [0.0, 45.0, 55.0]);
        assert_eq!(settle(&[Some((0.0, 3.0)), Some((0.0, 1.0))], &offsets[..2]), [-2.5, 7.5]);
        assert_eq!(settle(&[None, Some((50.0, 1.0)), None], &offsets), [40.0, 50.0, 60.0]);
        assert_eq!(settle(&[None, None, None], &offsets), [-10.0, 0.0, 10.0]);
    }
}
