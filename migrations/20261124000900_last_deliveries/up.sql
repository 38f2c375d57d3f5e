-- What was last heard of a connection, for whoever makes one and wants to see that it works. The last delivery that was
-- rightly signed, and when one came that was not, to about a minute.
alter table github_connections
    add column last_delivery_at timestamptz,
    add column last_delivery_event text,
    add column last_delivery_result text,
    add column last_wrong_signature_at timestamptz,
    add constraint github_connections_last_delivery_whole
        check ((last_delivery_at is null) = (last_delivery_result is null));
