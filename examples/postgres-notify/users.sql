-- Says which rows of `users` have changed, whoever changes them. A notification leaves with the commit, and not at all if the
-- transaction is rolled back.
CREATE FUNCTION tell_of_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('users_changed', coalesce(NEW.id, OLD.id)::text);
  RETURN NULL;
END
$$;

CREATE TRIGGER users_changed AFTER INSERT OR UPDATE OR DELETE ON users
  FOR EACH ROW EXECUTE FUNCTION tell_of_users();
