drop index relink_requests_waiting;
create index relink_requests_requested on relink_requests (requested_at);

drop sequence relink_generations;
