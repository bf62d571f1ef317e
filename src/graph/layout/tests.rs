use proptest::prelude::*;

use super::*;
use crate::graph::{Edge, Kind, Port};

/// A graph of up to 60 nodes: dependencies lead to later nodes, references anywhere.
fn graphs() -> impl Strategy<Value = Graph> {
    let node = ("[a-z-]{1,40}", any::<bool>(), 0_u32..4, prop::collection::vec(1_u16.., 0..4));
    prop::collection::vec(node, 1..60)
        .prop_flat_map(|nodes| {
            let count = nodes.len();
            let edges = prop::collection::vec((0..count, 0..count, any::<bool>()), 0..count * 2);
            (Just(nodes), edges)
        })
        .prop_map(|(nodes, pairs)| graph(nodes, &pairs))
}

fn graph(nodes: Vec<(String, bool, u32, Vec<u16>)>, pairs: &[(usize, usize, bool)]) -> Graph {
    let mut edges: Vec<Edge> = Vec::new();
    for (one, other, dependency) in pairs.iter().copied().filter(|(one, other, _)| one != other) {
        let (from, to) = if dependency { (one.min(other), one.max(other)) } else { (one, other) };
        if edges.iter().all(|edge| (edge.from, edge.to) != (from, to)) {
            edges.push(Edge { from, to, dependency, reference: !dependency });
        }
    }
    edges.sort_by_key(|edge| (edge.from, edge.to));
    let mut levels = vec![0; nodes.len()];
    for edge in edges.iter().filter(|edge| edge.dependency) {
        levels[edge.to] = levels[edge.to].max(levels[edge.from] + 1);
    }
    let nodes = nodes.into_iter().zip(&levels).map(|((id, job, instances, ports), level)| Node {
        id,
        kind: if job { Kind::Job } else { Kind::Service },
        image: "image".to_owned(),
        instances,
        ports: ports.iter().map(|port| Port { name: None, number: port.to_string() }).collect(),
        level: *level,
    });
    Graph { id: "app".to_owned(), nodes: nodes.collect(), edges }
}

/// Points of a step, close to each other.
fn points(start: Point, step: Step) -> Vec<Point> {
    let mix =
        |a: Point, b: Point, t: f64| Point { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t };
    let at = |t: f64| match step {
        Step::Line(end) => mix(start, end, t),
        Step::Curve([one, other, end]) => {
            let (a, b, c) = (mix(start, one, t), mix(one, other, t), mix(other, end, t));
            mix(mix(a, b, t), mix(b, c, t), t)
        }
    };
    (0..=40).map(|step| at(f64::from(step) / 40.0)).collect()
}

fn is_inside(place: &Place, point: Point) -> bool {
    let (x, y) = ((point.x - place.x).abs(), (point.y - place.y).abs());
    x < place.width / 2.0 - 0.5 && y < place.height / 2.0 - 0.5
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(applc_testing::cases(48)))]

    #[test]
    fn containers_do_not_overlap_and_are_in_the_band_of_their_level(graph in graphs()) {
        let layout = of(&graph);
        for (node, place) in graph.nodes.iter().zip(&layout.places) {
            let (left, right) = (place.x - place.width / 2.0, place.x + place.width / 2.0);
            prop_assert!(left >= -0.5 && right <= layout.width + 0.5, "{place:?}");
            let band = layout.bands.iter().find(|band| band.level == node.level).unwrap();
            prop_assert!(place.y - place.height / 2.0 >= band.top, "{place:?} {band:?}");
            prop_assert!(place.y + place.height / 2.0 <= band.bottom, "{place:?} {band:?}");
        }
        for (at, one) in layout.places.iter().enumerate() {
            for other in &layout.places[at + 1..] {
                let apart_x = (one.x - other.x).abs() >= (one.width + other.width) / 2.0 + 20.0;
                let apart_y = (one.y - other.y).abs() >= (one.height + other.height) / 2.0 + 20.0;
                prop_assert!(apart_x || apart_y, "{one:?} {other:?}");
            }
        }
        for two in layout.bands.windows(2) {
            prop_assert!(two[0].bottom < two[1].top && two[0].level < two[1].level);
        }
        prop_assert!(layout.bands.last().unwrap().bottom <= layout.height);
    }

    #[test]
    fn dependencies_lead_down_and_nothing_leads_through_a_container(graph in graphs()) {
        let layout = of(&graph);
        for (edge, route) in graph.edges.iter().zip(&layout.routes) {
            let (from, to) = (layout.places[edge.from], layout.places[edge.to]);
            if edge.dependency {
                prop_assert!(from.y + from.height / 2.0 < to.y - to.height / 2.0);
            }
            let mut before = route.start;
            for (start, step) in route.steps() {
                for point in points(start, step) {
                    prop_assert!(!edge.dependency || point.y >= before.y, "{route:?}");
                    before = point;
                    prop_assert!(point.y <= layout.height && point.x >= 0.0 && point.x <= layout.width);
                    for (node, place) in layout.places.iter().enumerate() {
                        let is_end = graph.nodes[node].kind == Kind::Job
                            && (node == edge.from || node == edge.to);
                        prop_assert!(is_end || !is_inside(place, point), "{edge:?} {node} {route:?}");
                    }
                }
            }
            // The line meets the head, and the head the outline.
            let head = (before.x - route.tip.x).abs() + (before.y - route.tip.y).abs();
            prop_assert!((head - HEAD).abs() < 0.01, "{route:?}");
            for (place, point, kind) in [
                (from, route.start, graph.nodes[edge.from].kind),
                (to, route.tip, graph.nodes[edge.to].kind),
            ] {
                let x = (point.x - place.x) / (place.width / 2.0);
                let y = (point.y - place.y) / (place.height / 2.0);
                let outline = match kind {
                    Kind::Service => x.abs().max(y.abs()),
                    Kind::Job => x.hypot(y),
                };
                prop_assert!((outline - 1.0).abs() < 0.01, "{place:?} {point:?}");
            }
        }
    }

    #[test]
    fn equal_graphs_have_equal_layouts(graph in graphs()) {
        prop_assert_eq!(of(&graph), of(&graph.clone()));
    }

    #[test]
    fn the_order_has_no_more_crossings_than_that_of_the_document(graph in graphs()) {
        let rows = || Rows::new(&graph, graph.levels().into_values().collect());
        let mut improved = rows();
        order::improve(&mut improved);
        prop_assert!(order::cost(&improved) <= order::cost(&rows()));
    }
}

#[test]
fn a_row_is_ordered_by_the_rows_below_it_too() {
    let graph = services(&["a", "b", "c", "d", "e"], &[(0, 3, true), (2, 3, true), (1, 4, true)]);
    let mut rows = Rows::new(&graph, graph.levels().into_values().collect());
    order::improve(&mut rows);
    assert_eq!(order::cost(&rows), 0, "{:?}", rows.order);
}

#[test]
fn containers_of_a_row_that_are_not_neighbors_are_connected_by_an_arc_below_it() {
    let layout = of(&services(&["a", "b", "c"], &[(0, 1, false), (1, 2, false), (0, 2, false)]));
    let (route, a, c) = (&layout.routes[1], layout.places[0], layout.places[2]);
    let row = a.y + a.height / 2.0;
    let curve = route.steps().find(|(_, step)| matches!(step, Step::Curve(_))).unwrap();
    let curve = points(curve.0, curve.1);
    let deepest = curve.iter().map(|point| point.y).fold(0.0, f64::max);
    assert!(curve.iter().all(|point| point.y >= row), "{route:?}");
    assert!((ARC..ARC + HEAD).contains(&(deepest - row)), "{route:?}");
    assert!(layout.height >= deepest, "{layout:?}");
    // It leaves and arrives on the inner sides.
    assert!(a.x < route.start.x && route.tip.x < c.x, "{route:?}");
    // Without other edges, the row needs no space for it.
    let flat = of(&services(&["a", "b", "c"], &[(0, 1, false), (1, 2, false)]));
    assert!(flat.height < layout.height);
}

fn services(ids: &[&str], pairs: &[(usize, usize, bool)]) -> Graph {
    graph(ids.iter().map(|id| ((*id).to_owned(), false, 1, Vec::new())).collect(), pairs)
}

#[test]
fn a_chain_is_a_straight_line() {
    let layout = of(&services(&["a", "b", "c"], &[(0, 1, true), (1, 2, true)]));
    assert!(layout.places.iter().all(|place| place.x == layout.places[0].x), "{layout:?}");
}

#[test]
fn crossings_that_can_be_avoided_are() {
    // In the order of the document, every edge crosses the others.
    let pairs: Vec<(usize, usize, bool)> = (0..5).map(|at| (at, 9 - at, true)).collect();
    let ids: Vec<String> = (0..10).map(|at| format!("n{at}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let layout = of(&services(&ids, &pairs));
    for at in 0..5 {
        assert_eq!(layout.places[at].x, layout.places[9 - at].x, "{layout:?}");
    }
}

#[test]
fn connected_containers_are_next_to_each_other_and_those_without_edges_last() {
    let layout = of(&services(&["lone", "a", "other", "b"], &[(1, 3, false)]));
    let mut order = vec![0, 1, 2, 3];
    order.sort_by(|one, other| layout.places[*one].x.total_cmp(&layout.places[*other].x));
    assert_eq!(order, [1, 3, 0, 2], "{layout:?}");
}

#[test]
fn a_wide_level_has_several_rows() {
    let ids: Vec<String> = (0..200).map(|at| format!("node-{at}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let layout = of(&services(&ids, &[]));
    let share = layout.width / layout.height;
    assert!((1.0..3.0).contains(&share), "{} x {}", layout.width, layout.height);
    assert_eq!(layout.bands.len(), 1);
}

#[test]
fn a_container_with_many_edges_has_one_trunk() {
    // One node is the dependency of 50 in a row each: one item passes each row, not 50.
    let ids: Vec<String> = (0..51).map(|at| format!("n{at}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let chain = (1..50).map(|at| (at, at + 1, true));
    let pairs: Vec<(usize, usize, bool)> = chain.chain((1..51).map(|at| (0, at, true))).collect();
    let graph = services(&ids, &pairs);
    let rows = Rows::new(&graph, graph.levels().into_values().collect());
    assert_eq!(rows.row.len(), 51 + 49);
}

#[test]
fn an_empty_graph_has_an_empty_picture() {
    let layout = of(&services(&[], &[]));
    assert_eq!((layout.width, layout.height), (0.0, 0.0));
}
