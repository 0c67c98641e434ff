//! A scan hears more from a child than a gateway does.

use super::*;

#[tokio::test]
async fn a_child_that_tells_values_unasked_is_heard_by_a_scan_and_not_by_a_gateway() {
    for (scan, heard) in [(None, None), (Some(Asked::default()), Some(1))] {
        let mut plan = plan(1);
        plan.scan = scan;
        let inspector = pool(plan).await;
        let question = Source::Message(b"tell-all");
        let (inspection, extras) = inspector.pool.inspect(question).await.unwrap();
        assert_eq!(said(&inspection), "all");
        assert_eq!(extras.map(|extras| extras.values.len()), heard);
    }
}
