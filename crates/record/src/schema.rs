//! What a kind of record is made of.

use duijie_vocab::Text;
use serde::{Deserialize, Serialize};

/// Who may read a record or a field. Each level includes the readers of the ones after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody.
    #[default]
    Public,
    /// Whoever is logged in.
    Registered,
    /// The owner and those in a case with them.
    Parties,
    /// Officers of the region.
    Office,
}

impl Visibility {
    pub const ALL: [Visibility; 4] = [Visibility::Public, Visibility::Registered, Visibility::Parties, Visibility::Office];

    /// The word in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Visibility::Public => "public",
            Visibility::Registered => "registered",
            Visibility::Parties => "parties",
            Visibility::Office => "office",
        }
    }

    pub fn parse(word: &str) -> Option<Visibility> {
        Visibility::ALL.into_iter().find(|v| v.as_str() == word)
    }
}

/// One kind of record.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    /// The kind's English key, such as `need`; also its path in URLs.
    pub kind: String,
    /// The first part of its record ids.
    pub prefix: String,
    /// What one is called, and what several are called in English.
    pub name: Text,
    pub plural: Text,
    /// Words that people use for the kind in sheet names and titles.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// One sentence for templates and the API.
    pub about: Text,
    /// The field that a record is called by.
    pub title: String,
    /// The field that holds the record's region.
    pub region: String,
    /// The reference to the organization that the record belongs to, if any; a record without a
    /// region of its own lies where its owner lies.
    #[serde(default)]
    pub owner: Option<String>,
    /// Natural keys, best first. A record is the same as another when any key with all its fields
    /// filled is the same.
    pub keys: Vec<Vec<String>>,
    /// What tells records without any natural key apart; the whole content if nothing is named.
    #[serde(default)]
    pub apart: Vec<String>,
    #[serde(default)]
    pub visibility: Visibility,
    /// Whether this kind can help with a need and takes part in matching.
    #[serde(default)]
    pub resource: bool,
    pub groups: Vec<Group>,
}

/// Fields that stand together on a form and a page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    pub name: Text,
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub key: String,
    pub name: Text,
    #[serde(rename = "type")]
    pub ty: FieldType,
    /// Other column names under which people keep this field.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// What to write here; shown in forms and as a note in templates.
    #[serde(default)]
    pub help: Option<Text>,
    #[serde(default)]
    pub example: Option<String>,
    #[serde(default)]
    pub required: bool,
    /// Choices of `choice` and `choices`.
    #[serde(default)]
    pub options: Vec<Choice>,
    /// Whether values outside `options` are kept as they are.
    #[serde(default)]
    pub open: bool,
    /// The kind that a `reference` points to.
    #[serde(default)]
    pub to: Option<String>,
    /// The most characters of a text, or items of a list.
    #[serde(default)]
    pub max: Option<usize>,
    /// Whether numbers and amounts below zero make sense here.
    #[serde(default)]
    pub signed: bool,
    /// The unit in which a bare number of this field is written in templates and forms (`万元`, `人`, `小时`).
    #[serde(default)]
    pub unit: Option<String>,
    #[serde(default)]
    pub visibility: Visibility,
    /// Whether the field is about a natural person and can be erased.
    #[serde(default)]
    pub personal: bool,
    /// Weight in full-text search; 0 keeps the field out of it.
    #[serde(default)]
    pub search: u8,
    /// Whether results can be narrowed by it.
    #[serde(default)]
    pub facet: bool,
    /// Whether it stands in lists and result rows.
    #[serde(default)]
    pub listed: bool,
}

/// One choice: the value that is stored is the Chinese term.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub zh: String,
    pub en: String,
    #[serde(default)]
    pub aliases: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// One line.
    Text,
    /// Several lines.
    LongText,
    Integer,
    /// An exact decimal number, stored as text.
    Decimal,
    /// A share, stored as an exact decimal: 3% is `0.03`.
    Ratio,
    /// Stored as whole Fen.
    Money,
    /// A date to the day, the month or the year.
    Date,
    /// A year, half-year, quarter or month: `2021`, `2021H1`, `2021Q3`, `2021-06`.
    Period,
    Bool,
    Choice,
    Choices,
    /// Several short texts.
    List,
    Region,
    /// Longitude and latitude in WGS 84, stored as `119.97,31.81`.
    Point,
    /// A GB/T 4754 class.
    Industry,
    CreditCode,
    /// Patent numbers.
    PatentNumber,
    /// The name or code of another record.
    Reference,
    Email,
    Phone,
    Url,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    #[error("the schema cannot be read: {0}")]
    Yaml(String),
    #[error("kind `{kind}`: `{field}` is named but no such field exists")]
    NoSuchField { kind: String, field: String },
    #[error("kind `{kind}`: field `{field}` {fault}")]
    Field { kind: String, field: String, fault: &'static str },
}

impl Schema {
    /// Reads a schema from YAML and checks that it hangs together.
    pub fn parse(yaml: &str) -> Result<Schema, SchemaFault> {
        let schema: Schema = serde_saphyr::from_str(yaml).map_err(|fault| SchemaFault::Yaml(fault.to_string()))?;
        schema.check()?;
        Ok(schema)
    }

    /// The fields in the order of the form.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        self.groups.iter().flat_map(|group| &group.fields)
    }

    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields().find(|field| field.key == key)
    }

    fn check(&self) -> Result<(), SchemaFault> {
        let named = [&self.title, &self.region].into_iter().chain(&self.owner).chain(self.keys.iter().flatten()).chain(&self.apart);
        for key in named {
            // A kind without a region of its own names its owner's.
            if self.field(key).is_none() {
                return Err(SchemaFault::NoSuchField { kind: self.kind.clone(), field: key.clone() });
            }
        }
        let mut seen = std::collections::HashSet::new();
        for field in self.fields() {
            let fault = match field.ty {
                _ if !seen.insert(&field.key) => "is there twice",
                FieldType::Choice | FieldType::Choices if field.options.is_empty() => "needs options",
                FieldType::Reference if field.to.is_none() => "needs the kind it points to",
                _ => continue,
            };
            return Err(SchemaFault::Field { kind: self.kind.clone(), field: field.key.clone(), fault });
        }
        Ok(())
    }
}

impl Field {
    /// The stored term of the choice that `word` names in either language or by an alias.
    pub fn choice(&self, word: &str) -> Option<&str> {
        let key = duijie_vocab::name_key(word);
        let same = |other: &str| duijie_vocab::name_key(other) == key;
        self.options.iter().find(|c| same(&c.zh) || same(&c.en) || c.aliases.iter().any(|a| same(a))).map(|c| c.zh.as_str())
    }

    /// The name of a stored choice in `lang`; the value itself if it is not among the options.
    pub fn choice_name<'a>(&'a self, stored: &'a str, lang: duijie_vocab::Lang) -> &'a str {
        match (lang, self.options.iter().find(|c| c.zh == stored)) {
            (duijie_vocab::Lang::En, Some(choice)) => &choice.en,
            _ => stored,
        }
    }
}
