//! How JSON is read: a value of the wrong type is no decoding error, because its field has a sentence of its own to
//! be refused with, and all fields shall be told of at once. Of a name that comes twice the last value counts, and
//! names that nobody asked for are skipped without looking into them. Texts are borrowed from the body.

use crate::error::ApiError;
use crate::violations::InvalidPayload;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// The value of one field, whatever was sent.
#[derive(Debug, Default)]
pub(crate) enum Value<'a> {
    #[default]
    Absent,
    Null,
    Text(Cow<'a, str>),
    Integer(i64),
    Boolean(bool),
    /// A fraction, a number beyond 64 bits, an array or an object: nothing that a field takes.
    Other,
}

impl Value<'_> {
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl<'a> From<Option<&'a str>> for Value<'a> {
    fn from(text: Option<&'a str>) -> Self {
        text.map_or(Self::Absent, |text| Self::Text(Cow::Borrowed(text)))
    }
}

/// An array. Beyond `MAX` nothing is kept: a body has room for a million empty items.
#[derive(Debug, Default)]
pub(crate) enum List<T, const MAX: usize> {
    #[default]
    Absent,
    Items(Vec<T>),
    TooLong,
    Other,
}

/// What should be an object.
#[derive(Debug, Default)]
pub(crate) enum Item<T> {
    Object(T),
    #[default]
    Other,
}

impl<T> Item<T> {
    pub(crate) fn object(&self) -> Option<&T> {
        match self {
            Self::Object(object) => Some(object),
            Self::Other => None,
        }
    }
}

/// Reads a body that must be one JSON object.
pub(crate) fn decode<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| {
        InvalidPayload::malformed(format!("the body is not UTF-8 at byte {}", error.valid_up_to()))
    })?;
    let object = serde_json::from_str(text).map_err(|error| match error.classify() {
        // Nothing inside the body can be of a wrong type.
        Category::Data => InvalidPayload::malformed("the body must be a JSON object"),
        Category::Io | Category::Syntax | Category::Eof => {
            InvalidPayload::malformed(format!("malformed JSON: {error}"))
        }
    })?;
    Ok(object)
}

/// Declares what is read of a JSON object, by which names, and what is documented of it: of the object, of each field,
/// and what the field takes.
macro_rules! wire_object {
    (
        $(#[doc = $about:literal])+
        struct $object:ident<$a:lifetime> {
            $($(#[doc = $meaning:literal])+ $field:ident: $type:ty = $name:literal => $takes:expr,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Default)]
        struct $object<$a> { $($field: $type,)+ }

        impl utoipa::PartialSchema for $object<'_> {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::openapi::schema::object(concat!($($about),+), Self::documented_fields())
            }
        }

        impl utoipa::ToSchema for $object<'_> {
            fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
                for (_, _, field) in Self::documented_fields() {
                    schemas.extend(field.components);
                }
            }
        }

        impl $object<'_> {
            /// The name of each field, what it means and what it takes.
            fn documented_fields() -> Vec<(&'static str, &'static str, $crate::openapi::schema::Field)> {
                vec![$(($name, concat!($($meaning),+), $takes.into())),+]
            }
        }

        impl<$a> serde::Deserialize<$a> for $object<$a> {
            fn deserialize<D: serde::Deserializer<$a>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<$a> serde::de::Visitor<$a> for Fields {
                    type Value = $object<$a>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a JSON object")
                    }

                    fn visit_map<M: serde::de::MapAccess<$a>>(self, mut map: M) -> Result<$object<$a>, M::Error> {
                        let mut object = $object::default();
                        while let Some(name) = map.next_key::<$crate::wire::Value<'_>>()? {
                            match name.text() {
                                $(Some($name) => object.$field = map.next_value()?,)+
                                _ => { map.next_value::<serde::de::IgnoredAny>()?; }
                            }
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(Fields)
            }
        }
    };
}
pub(crate) use wire_object;

/// What is made of each type of JSON value.
trait Tolerant<'de>: Sized {
    const OTHER: Self;
    const NULL: Self;

    fn text(_: Cow<'de, str>) -> Self {
        Self::OTHER
    }

    fn integer(_: i64) -> Self {
        Self::OTHER
    }

    fn boolean(_: bool) -> Self {
        Self::OTHER
    }

    fn array<A: SeqAccess<'de>>(array: A) -> Result<Self, A::Error> {
        IgnoredAny.visit_seq(array).map(|_| Self::OTHER)
    }

    fn object<A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        IgnoredAny.visit_map(object).map(|_| Self::OTHER)
    }
}

impl<'de> Tolerant<'de> for Value<'de> {
    const OTHER: Self = Value::Other;
    const NULL: Self = Value::Null;

    fn text(text: Cow<'de, str>) -> Self {
        Value::Text(text)
    }

    fn integer(number: i64) -> Self {
        Value::Integer(number)
    }

    fn boolean(truth: bool) -> Self {
        Value::Boolean(truth)
    }
}

impl<'de, T: Deserialize<'de>> Tolerant<'de> for Item<T> {
    const OTHER: Self = Item::Other;
    const NULL: Self = Item::Other;

    fn object<A: MapAccess<'de>>(object: A) -> Result<Self, A::Error> {
        T::deserialize(MapAccessDeserializer::new(object)).map(Item::Object)
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Tolerant<'de> for List<T, MAX> {
    const OTHER: Self = List::Other;
    const NULL: Self = List::Absent;

    fn array<A: SeqAccess<'de>>(mut array: A) -> Result<Self, A::Error> {
        let mut items = Vec::new();
        while items.len() < MAX {
            match array.next_element()? {
                Some(item) => items.push(item),
                None => return Ok(List::Items(items)),
            }
        }
        match array.next_element::<IgnoredAny>()? {
            Some(_) => IgnoredAny.visit_seq(array).map(|_| List::TooLong),
            None => Ok(List::Items(items)),
        }
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Tolerant<'de>> Visitor<'de> for Any<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<T, E> {
        Ok(T::text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<T, E> {
        Ok(T::text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::NULL)
    }

    fn visit_i64<E>(self, number: i64) -> Result<T, E> {
        Ok(T::integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<T, E> {
        Ok(i64::try_from(number).map_or(T::OTHER, T::integer))
    }

    /// JSON has one kind of number: 7.0 is 7, and some writers know no other form.
    fn visit_f64<E>(self, number: f64) -> Result<T, E> {
        if number.fract() != 0.0 {
            return Ok(T::OTHER);
        }
        Ok(format!("{number:.0}").parse().map_or(T::OTHER, T::integer))
    }

    fn visit_bool<E>(self, truth: bool) -> Result<T, E> {
        Ok(T::boolean(truth))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, array: A) -> Result<T, A::Error> {
        T::array(array)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::object(object)
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}
