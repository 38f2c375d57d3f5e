//! A port that gets a method gets a contract that it finds and changes nothing of another organization.

#[test]
fn every_method_of_every_port_is_tried_with_what_is_another_organization_s() {
    const EXEMPT: [(&str, &str); 9] = [
        ("organizations.insert", "makes an organization"),
        (
            "organizations.find_by_slug",
            "tells of an organization only that it is there",
        ),
        ("organizations.list", "is for those who run the service"),
        ("organizations.remove_some", "is for those who run the service"),
        ("organizations.check_health", "is of no organization"),
        ("api_keys.insert", "makes a key"),
        ("github_connections.insert", "makes a connection"),
        ("api_keys.find_by_hash", "tells which organization a key is of"),
        (
            "sessions.insert",
            "makes a session, of a key that was found by its hash",
        ),
    ];
    let ports = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/src/ports");
    let tried: String = include_str!("../tenants.rs").split_whitespace().collect();
    let mut count = 0;
    for file in std::fs::read_dir(ports).unwrap() {
        let path = file.unwrap().path();
        let port = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        for method in text.split("async fn ").skip(1) {
            let method = method.split('(').next().unwrap();
            let method = format!("{port}.{method}");
            // Facts are asked for by a function of the contracts on metrics.
            let is_tried = tried.contains(&format!("{method}(")) || method == "metric_facts.facts_since";
            let is_exempt = EXEMPT.iter().any(|(exempt, _)| *exempt == method);
            assert!(
                is_tried || is_exempt,
                "nobody tries {method} with what is another organization's"
            );
            count += 1;
        }
    }
    assert!(count > 40, "the ports were found: {count}");
}
