//! Hot statements with one of a few fixed texts. Diesel caches the prepared form of a statement by its text, but neither
//! of `sql_query` nor of updates and batch inserts built by its query builder; planned anew at each call they are half as
//! fast. So a statement is a type of its own: text around named inputs. An input of one row is bound value by value and
//! melts into the plan; any other is arrays that are unnested, so that two rows and a thousand are the same statement.

/// Defines columns of equal length that a statement reads as a table named `$table`, with an `ordinal` from 1.
macro_rules! batch_input {
    ($(#[$doc:meta])* $name:ident as $table:literal { $($column:ident: $sql_type:ty = $type:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $name {
            $(pub(crate) $column: Vec<$type>,)+
        }

        impl $name {
            /// Whether it has exactly one row.
            fn is_one(&self) -> bool {
                [$(self.$column.len()),+].iter().all(|length| *length == 1)
            }
        }

        impl diesel::query_builder::QueryFragment<diesel::pg::Pg> for $name {
            fn walk_ast<'b>(
                &'b self,
                mut out: diesel::query_builder::AstPass<'_, 'b, diesel::pg::Pg>,
            ) -> diesel::QueryResult<()> {
                let mut separator = "";
                if self.is_one() {
                    out.push_sql(concat!($table, " as not materialized (select "));
                    $(
                        for value in &self.$column {
                            out.push_bind_param::<$sql_type, _>(value)?;
                            out.push_sql(concat!(" as ", stringify!($column), ", "));
                        }
                    )+
                    out.push_sql("1::bigint as ordinal)");
                } else {
                    out.push_sql(concat!($table, " as materialized (select * from unnest("));
                    $(
                        out.push_sql(separator);
                        out.push_bind_param::<diesel::sql_types::Array<$sql_type>, _>(&self.$column)?;
                        separator = ", ";
                    )+
                    out.push_sql(concat!(") with ordinality as ", $table, "("));
                    $(out.push_sql(concat!(stringify!($column), ", "));)+
                    out.push_sql("ordinal))");
                }
                let _ = separator;
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
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        }

        impl diesel::query_builder::Query for $name {
            type SqlType = $row;
        }
    };
}

pub(crate) use {batch_input, batch_statement};
