//! Hot statements with a fixed text. Diesel caches the prepared form of a statement by its type, but neither of
//! `sql_query` nor of updates and batch inserts built by its query builder; planned anew at each call they are half
//! as fast. So a statement is a type of its own: static text around arrays that are unnested into named inputs, so
//! that one row and a thousand are the same statement.

/// Defines arrays of equal length that a statement reads as a table named `$table`, with an `ordinal` from 1.
macro_rules! batch_input {
    ($(#[$doc:meta])* $name:ident as $table:literal { $($column:ident: $sql_type:ty = $type:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            $(pub(crate) $column: Vec<$type>,)+
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                out.push_sql(concat!($table, " as materialized (select * from unnest("));
                let mut separator = "";
                $(
                    out.push_sql(separator);
                    out.push_bind_param::<diesel::sql_types::Array<$sql_type>, _>(&self.$column)?;
                    separator = ", ";
                )+
                let _ = separator;
                out.push_sql(concat!(") with ordinality as ", $table, "("));
                $(out.push_sql(concat!(stringify!($column), ", "));)+
                out.push_sql("ordinal))");
                Ok(())
            }
        }
    };
}

/// Defines a statement over inputs: `with` them, then `$sql`, giving rows of `$row`.
macro_rules! batch_statement {
    (
        $(#[$doc:meta])*
        $name:ident { $first:ident: $first_type:ty $(, $input:ident: $input_type:ty)* $(,)? } -> $row:ty { $($sql:expr),+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            pub(crate) $first: $first_type,
            $(pub(crate) $input: $input_type,)*
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                out.push_sql("with ");
                self.$first.walk_ast(out.reborrow())?;
                $(
                    out.push_sql(", ");
                    self.$input.walk_ast(out.reborrow())?;
                )*
                $(out.push_sql($sql);)+
                Ok(())
            }
        }

        impl diesel::query_builder::QueryId for $name {
            type QueryId = Self;
            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl diesel::query_builder::Query for $name {
            type SqlType = $row;
        }
    };
}

pub(crate) use {batch_input, batch_statement};
