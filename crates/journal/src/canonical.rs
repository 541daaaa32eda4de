//! Canonical JSON (RFC 8785) written straight from a value, without building a tree first: the
//! same bytes as `duijie_record::canonical_json`, at the rate that a journal of a million entries
//! needs. Members that arrive in order are left where they are; others are moved at the end.

use serde::ser::{self, Impossible, Serialize};
use std::borrow::Cow;
use std::cmp::Ordering;

#[derive(Debug, thiserror::Error)]
pub enum CanonicalFault {
    #[error("the value holds a floating-point number or one beyond 2^53, which canonical JSON here does not allow")]
    Number,
    #[error("the value has a map whose keys are not text")]
    Key,
    #[error("the value does not serialize: {0}")]
    Custom(String),
}

impl ser::Error for CanonicalFault {
    fn custom<T: std::fmt::Display>(message: T) -> CanonicalFault {
        CanonicalFault::Custom(message.to_string())
    }
}

/// The canonical form of `value` as bytes.
pub fn canonical_bytes(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, CanonicalFault> {
    let mut out = Vec::with_capacity(512);
    value.serialize(Writer { out: &mut out })?;
    Ok(out)
}

/// The canonical form of `value` as text.
pub fn canonical_text(value: &(impl Serialize + ?Sized)) -> Result<String, CanonicalFault> {
    Ok(String::from_utf8(canonical_bytes(value)?).expect("BUG: JSON is written from str only"))
}

/// The largest whole number that every JSON reader keeps exactly.
const MAX_SAFE: u64 = 1 << 53;

struct Writer<'a> {
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn text(&mut self, text: &str) -> Result<(), CanonicalFault> {
        // serde_json escapes strings just as RFC 8785 wants: the short escapes, then \u00xx in lower case.
        serde_json::to_writer(&mut *self.out, text).map_err(|fault| CanonicalFault::Custom(fault.to_string()))
    }

    fn whole(&mut self, negative: bool, magnitude: u64) -> Result<(), CanonicalFault> {
        if magnitude > MAX_SAFE {
            return Err(CanonicalFault::Number);
        }
        if negative {
            self.out.push(b'-');
        }
        self.out.extend_from_slice(magnitude.to_string().as_bytes());
        Ok(())
    }
}

/// An array that is being written.
struct Items<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
    close: &'static [u8],
}

/// An object that is being written: each member as `"key":value`, commas between.
struct Members<'a> {
    out: &'a mut Vec<u8>,
    begin: usize,
    members: Vec<Member>,
    sorted: bool,
    key: Option<String>,
    close: &'static [u8],
}

struct Member {
    key: Cow<'static, str>,
    begin: usize,
    end: usize,
}

impl<'a> Items<'a> {
    fn open(out: &'a mut Vec<u8>, close: &'static [u8]) -> Items<'a> {
        out.push(b'[');
        Items { out, first: true, close }
    }

    fn item(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), CanonicalFault> {
        if !std::mem::take(&mut self.first) {
            self.out.push(b',');
        }
        value.serialize(Writer { out: self.out })
    }

    fn finish(self) {
        self.out.extend_from_slice(self.close);
    }
}

impl<'a> Members<'a> {
    fn open(out: &'a mut Vec<u8>, close: &'static [u8]) -> Members<'a> {
        out.push(b'{');
        let begin = out.len();
        Members { out, begin, members: Vec::new(), sorted: true, key: None, close }
    }

    fn member(&mut self, key: Cow<'static, str>, value: &(impl Serialize + ?Sized)) -> Result<(), CanonicalFault> {
        if let Some(last) = self.members.last() {
            self.out.push(b',');
            self.sorted &= utf16_order(&last.key, &key) == Ordering::Less;
        }
        let begin = self.out.len();
        Writer { out: self.out }.text(&key)?;
        self.out.push(b':');
        value.serialize(Writer { out: self.out })?;
        self.members.push(Member { key, begin, end: self.out.len() });
        Ok(())
    }

    fn finish(mut self) {
        if !self.sorted {
            self.members.sort_by(|a, b| utf16_order(&a.key, &b.key));
            let written = self.out.split_off(self.begin);
            for (at, member) in self.members.iter().enumerate() {
                if at > 0 {
                    self.out.push(b',');
                }
                self.out.extend_from_slice(&written[member.begin - self.begin..member.end - self.begin]);
            }
        }
        self.out.extend_from_slice(self.close);
    }
}

/// RFC 8785 sorts keys by their UTF-16 code units; for ASCII that is the order of bytes.
fn utf16_order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

impl<'a> ser::Serializer for Writer<'a> {
    type Ok = ();
    type Error = CanonicalFault;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Items<'a>;
    type SerializeTupleVariant = Items<'a>;
    type SerializeMap = Members<'a>;
    type SerializeStruct = Members<'a>;
    type SerializeStructVariant = Members<'a>;

    fn serialize_bool(self, v: bool) -> Result<(), CanonicalFault> {
        self.out.extend_from_slice(if v { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, v: i8) -> Result<(), CanonicalFault> {
        self.serialize_i64(v.into())
    }

    fn serialize_i16(self, v: i16) -> Result<(), CanonicalFault> {
        self.serialize_i64(v.into())
    }

    fn serialize_i32(self, v: i32) -> Result<(), CanonicalFault> {
        self.serialize_i64(v.into())
    }

    fn serialize_i64(mut self, v: i64) -> Result<(), CanonicalFault> {
        self.whole(v < 0, v.unsigned_abs())
    }

    fn serialize_u8(self, v: u8) -> Result<(), CanonicalFault> {
        self.serialize_u64(v.into())
    }

    fn serialize_u16(self, v: u16) -> Result<(), CanonicalFault> {
        self.serialize_u64(v.into())
    }

    fn serialize_u32(self, v: u32) -> Result<(), CanonicalFault> {
        self.serialize_u64(v.into())
    }

    fn serialize_u64(mut self, v: u64) -> Result<(), CanonicalFault> {
        self.whole(false, v)
    }

    fn serialize_f32(self, _: f32) -> Result<(), CanonicalFault> {
        Err(CanonicalFault::Number)
    }

    fn serialize_f64(self, _: f64) -> Result<(), CanonicalFault> {
        Err(CanonicalFault::Number)
    }

    fn serialize_char(self, v: char) -> Result<(), CanonicalFault> {
        self.serialize_str(v.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(mut self, v: &str) -> Result<(), CanonicalFault> {
        self.text(v)
    }

    fn serialize_bytes(self, v: &[u8]) -> Result<(), CanonicalFault> {
        let mut items = Items::open(self.out, b"]");
        v.iter().try_for_each(|byte| items.item(byte))?;
        items.finish();
        Ok(())
    }

    fn serialize_none(self) -> Result<(), CanonicalFault> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CanonicalFault> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CanonicalFault> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), CanonicalFault> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), CanonicalFault> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), CanonicalFault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: &'static str, _: u32, variant: &'static str, value: &T) -> Result<(), CanonicalFault> {
        let mut members = Members::open(self.out, b"}");
        members.member(Cow::Borrowed(variant), value)?;
        members.finish();
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, CanonicalFault> {
        Ok(Items::open(self.out, b"]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Items<'a>, CanonicalFault> {
        Ok(Items::open(self.out, b"]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items<'a>, CanonicalFault> {
        Ok(Items::open(self.out, b"]"))
    }

    fn serialize_tuple_variant(mut self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Items<'a>, CanonicalFault> {
        self.out.push(b'{');
        self.text(variant)?;
        self.out.push(b':');
        Ok(Items::open(self.out, b"]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members<'a>, CanonicalFault> {
        Ok(Members::open(self.out, b"}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members<'a>, CanonicalFault> {
        Ok(Members::open(self.out, b"}"))
    }

    fn serialize_struct_variant(mut self, _: &'static str, _: u32, variant: &'static str, _: usize) -> Result<Members<'a>, CanonicalFault> {
        self.out.push(b'{');
        self.text(variant)?;
        self.out.push(b':');
        Ok(Members::open(self.out, b"}}"))
    }
}

impl ser::SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = CanonicalFault;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalFault> {
        self.item(value)
    }

    fn end(self) -> Result<(), CanonicalFault> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeTuple for Items<'_> {
    type Ok = ();
    type Error = CanonicalFault;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalFault> {
        self.item(value)
    }

    fn end(self) -> Result<(), CanonicalFault> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeTupleStruct for Items<'_> {
    type Ok = ();
    type Error = CanonicalFault;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalFault> {
        self.item(value)
    }

    fn end(self) -> Result<(), CanonicalFault> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeTupleVariant for Items<'_> {
    type Ok = ();
    type Error = CanonicalFault;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalFault> {
        self.item(value)
    }

    fn end(self) -> Result<(), CanonicalFault> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeMap for Members<'_> {
    type Ok = ();
    type Error = CanonicalFault;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CanonicalFault> {
        self.key = Some(key.serialize(KeyText)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CanonicalFault> {
        let key = self.key.take().ok_or(CanonicalFault::Key)?;
        self.member(Cow::Owned(key), value)
    }

    fn end(self) -> Result<(), CanonicalFault> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeStruct for Members<'_> {
    type Ok = ();
    type Error = CanonicalFault;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), CanonicalFault> {
        self.member(Cow::Borrowed(key), value)
    }

    fn end(self) -> Result<(), CanonicalFault> {
        self.finish();
        Ok(())
    }
}

impl ser::SerializeStructVariant for Members<'_> {
    type Ok = ();
    type Error = CanonicalFault;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), CanonicalFault> {
        self.member(Cow::Borrowed(key), value)
    }

    fn end(self) -> Result<(), CanonicalFault> {
        self.finish();
        Ok(())
    }
}

/// Takes the key of a map, which has to be text.
struct KeyText;

macro_rules! no_key {
    ($($method:ident: $ty:ty),*) => {
        $(fn $method(self, _: $ty) -> Result<String, CanonicalFault> {
            Err(CanonicalFault::Key)
        })*
    };
}

impl ser::Serializer for KeyText {
    type Ok = String;
    type Error = CanonicalFault;
    type SerializeSeq = Impossible<String, CanonicalFault>;
    type SerializeTuple = Impossible<String, CanonicalFault>;
    type SerializeTupleStruct = Impossible<String, CanonicalFault>;
    type SerializeTupleVariant = Impossible<String, CanonicalFault>;
    type SerializeMap = Impossible<String, CanonicalFault>;
    type SerializeStruct = Impossible<String, CanonicalFault>;
    type SerializeStructVariant = Impossible<String, CanonicalFault>;

    no_key!(serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_u8: u8, serialize_u16: u16,
        serialize_u32: u32, serialize_u64: u64, serialize_f32: f32, serialize_f64: f64, serialize_bytes: &[u8]);

    fn serialize_char(self, v: char) -> Result<String, CanonicalFault> {
        Ok(v.to_string())
    }

    fn serialize_str(self, v: &str) -> Result<String, CanonicalFault> {
        Ok(v.to_string())
    }

    fn serialize_none(self) -> Result<String, CanonicalFault> {
        Err(CanonicalFault::Key)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<String, CanonicalFault> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<String, CanonicalFault> {
        Err(CanonicalFault::Key)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<String, CanonicalFault> {
        Err(CanonicalFault::Key)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<String, CanonicalFault> {
        Ok(variant.to_string())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<String, CanonicalFault> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(self, _: &'static str, _: u32, _: &'static str, _: &T) -> Result<String, CanonicalFault> {
        Err(CanonicalFault::Key)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, CanonicalFault> {
        Err(CanonicalFault::Key)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, CanonicalFault> {
        Err(CanonicalFault::Key)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, CanonicalFault> {
        Err(CanonicalFault::Key)
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self::SerializeTupleVariant, CanonicalFault> {
        Err(CanonicalFault::Key)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, CanonicalFault> {
        Err(CanonicalFault::Key)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, CanonicalFault> {
        Err(CanonicalFault::Key)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self::SerializeStructVariant, CanonicalFault> {
        Err(CanonicalFault::Key)
    }
}
