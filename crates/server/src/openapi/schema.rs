//! What the fields of a body take, in the words of JSON Schema. The schemas tell what to send; a reader of bodies is a
//! little more patient: it ignores white space around a text, and takes an empty text for one that was left out.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{
    AllOfBuilder, AnyOfBuilder, ArrayBuilder, ObjectBuilder, OneOfBuilder, Schema, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, Ref, RefOr, SchemaFormat};

/// No control characters, and at least one that is no white space.
const NOT_BLANK: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";

const REPOSITORY_NAME: &str = r"^[^\s\x00-\x1f\x7f-\x9f/]+(/[^\s\x00-\x1f\x7f-\x9f/]+)+$";

const WEB_URL: &str = concat!(
    r#"^https?://[^\s\x00-\x1f\x7f-\x9f<>"\\^`{|}/?#@:][^\s\x00-\x1f\x7f-\x9f<>"\\^`{|}/?#@]*"#,
    r#"([/?#][^\s\x00-\x1f\x7f-\x9f<>"\\^`{|}]*)?$"#
);

/// Schemas by their names.
pub(crate) type Components = Vec<(String, RefOr<Schema>)>;

/// What a field takes, whether it must be there, and the schemas that it refers to.
pub(crate) struct Field {
    pub(crate) schema: RefOr<Schema>,
    required: bool,
    pub(crate) components: Components,
}

impl Field {
    /// The field may be left out, which is also what `null` means.
    pub(crate) fn optional(mut self) -> Self {
        self.required = false;
        let schema_type = match &mut self.schema {
            RefOr::T(Schema::Object(object)) => Some(&mut object.schema_type),
            RefOr::T(Schema::Array(array)) => Some(&mut array.schema_type),
            _ => None,
        };
        if let Some(schema_type) = schema_type
            && let SchemaType::Type(only) = schema_type
        {
            *schema_type = SchemaType::from_iter([only.clone(), Type::Null]);
        }
        self
    }

    /// What the field takes has to obey a further rule.
    pub(crate) fn and(self, rule: OneOfBuilder) -> Self {
        Self {
            schema: AllOfBuilder::new().item(self.schema).item(rule).into(),
            ..self
        }
    }
}

impl From<ObjectBuilder> for Field {
    fn from(schema: ObjectBuilder) -> Self {
        Self {
            schema: RefOr::T(schema.into()),
            required: true,
            components: Vec::new(),
        }
    }
}

/// A JSON object with such fields; others are ignored.
pub(crate) fn object(about: &str, fields: Vec<(&'static str, &'static str, Field)>) -> RefOr<Schema> {
    let object = ObjectBuilder::new().description(Some(lines(about)));
    let object = fields.into_iter().fold(object, |object, (name, meaning, field)| {
        let object = if field.required {
            object.required(name)
        } else {
            object
        };
        object.property(name, described(field.schema, lines(meaning)))
    });
    RefOr::T(object.into())
}

/// The text of a comment, each line without the space that it begins with.
fn lines(comment: &str) -> String {
    comment.trim().replace("  ", " ")
}

fn described(mut schema: RefOr<Schema>, meaning: String) -> RefOr<Schema> {
    match &mut schema {
        RefOr::Ref(reference) => reference.description = meaning,
        RefOr::T(Schema::Object(object)) => object.description = Some(meaning),
        RefOr::T(Schema::Array(array)) => array.description = Some(meaning),
        RefOr::T(_) => {}
    }
    schema
}

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// Anything at all.
pub(crate) fn anything() -> Field {
    ObjectBuilder::new().schema_type(SchemaType::AnyValue).into()
}

/// Any text.
pub(crate) fn any_text() -> Field {
    string().into()
}

/// True or false.
pub(crate) fn boolean() -> Field {
    ObjectBuilder::new().schema_type(Type::Boolean).into()
}

/// A text of 1 to `max` characters, none of which is a control character.
pub(crate) fn text(max: usize) -> Field {
    let text = string().min_length(Some(1)).max_length(Some(max));
    text.pattern(Some(NOT_BLANK)).into()
}

/// A text that matches a pattern.
pub(crate) fn matching(pattern: &str) -> Field {
    string().pattern(Some(pattern)).into()
}

/// The whole SHA-1 of a commit.
pub(crate) fn commit_sha() -> Field {
    matching("^[0-9a-fA-F]{40}$")
}

/// The SHA-1 of a commit, which may be abbreviated.
pub(crate) fn commit_reference() -> Field {
    matching("^[0-9a-fA-F]{5,40}$")
}

/// The full name of a repository.
pub(crate) fn repository_name() -> Field {
    let name = string().pattern(Some(REPOSITORY_NAME));
    name.max_length(Some(255)).into()
}

/// The slug of an organization.
pub(crate) fn organization_slug() -> Field {
    matching("^[a-z0-9-]{1,39}$")
}

/// A web address.
pub(crate) fn web_url() -> Field {
    let url = string().pattern(Some(WEB_URL));
    url.max_length(Some(2048)).into()
}

/// A point in time.
pub(crate) fn time() -> Field {
    string()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .into()
}

/// A time, or a day, which means its first moment.
pub(crate) fn moment() -> Field {
    let day = string().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)));
    any_of([time(), day.into()])
}

/// The name of a time zone.
pub(crate) fn time_zone() -> Field {
    let format = SchemaFormat::Custom("iana-time-zone".to_owned());
    string().format(Some(format)).into()
}

/// A whole number.
pub(crate) fn integer(min: i32, max: i32) -> Field {
    let integer = ObjectBuilder::new().schema_type(Type::Integer);
    integer.minimum(Some(min)).maximum(Some(max)).into()
}

/// The number of something that Periscope has recorded.
pub(crate) fn id() -> Field {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .into()
}

/// One of some words.
pub(crate) fn words<W: Into<Value>>(words: impl IntoIterator<Item = W>) -> ObjectBuilder {
    let words: Vec<Value> = words.into_iter().map(Into::into).collect();
    string().enum_values(Some(words))
}

/// One of some words, or null.
pub(crate) fn nullable_words<W: Into<Value>>(words: impl IntoIterator<Item = W>) -> ObjectBuilder {
    let words = words.into_iter().map(Into::into).chain([Value::Null]);
    let types = SchemaType::from_iter([Type::String, Type::Null]);
    ObjectBuilder::new()
        .schema_type(types)
        .enum_values(Some(words.collect::<Vec<_>>()))
}

/// An array of so many objects of one kind.
pub(crate) fn objects<T: ToSchema>(min: usize, max: usize) -> Field {
    let object = part::<T>();
    Field {
        schema: array(object.schema, min, max),
        ..object
    }
}

/// An array of so many values.
pub(crate) fn values(value: Field, min: usize, max: usize) -> Field {
    Field {
        schema: array(value.schema, min, max),
        ..value
    }
}

/// Values, as many as there may be.
pub(crate) fn several(value: Field) -> Field {
    Field {
        schema: RefOr::T(ArrayBuilder::new().items(value.schema).into()),
        ..value
    }
}

fn array(items: RefOr<Schema>, min: usize, max: usize) -> RefOr<Schema> {
    let array = ArrayBuilder::new().items(items).max_items(Some(max));
    RefOr::T(array.min_items((min > 0).then_some(min)).into())
}

/// An object of one kind.
pub(crate) fn part<T: ToSchema>() -> Field {
    let mut components = Vec::new();
    Field {
        schema: component::<T>(&mut components),
        required: true,
        components,
    }
}

/// An object with the fields of two kinds.
pub(crate) fn both<A: ToSchema, B: ToSchema>() -> Field {
    let mut components = Vec::new();
    let both = AllOfBuilder::new()
        .item(component::<A>(&mut components))
        .item(component::<B>(&mut components));
    Field {
        schema: both.into(),
        required: true,
        components,
    }
}

/// Any one of some kinds.
pub(crate) fn any_of(kinds: impl IntoIterator<Item = Field>) -> Field {
    let mut components = Vec::new();
    let kinds = kinds.into_iter().fold(AnyOfBuilder::new(), |kinds, kind| {
        components.extend(kind.components);
        kinds.item(kind.schema)
    });
    Field {
        schema: kinds.into(),
        required: true,
        components,
    }
}

/// A reference to a schema, which is added to the components along with those that it refers to.
pub(crate) fn component<T: ToSchema>(components: &mut Components) -> RefOr<Schema> {
    T::schemas(components);
    components.push((T::name().into_owned(), T::schema()));
    RefOr::Ref(Ref::from_schema_name(T::name()))
}
