alter table github_connections
    drop column last_delivery_at,
    drop column last_delivery_event,
    drop column last_delivery_result,
    drop column last_wrong_signature_at;
