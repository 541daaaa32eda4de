//! One field: from what a person wrote to a value, or a refusal that says what to write instead.

use crate::{Field, FieldType, Value};
use duijie_vocab::{
    CodeFault, CreditCode, Date, DateFault, Decimal, Diagnostic, Fen, MoneyFault, MoneyUnit, NumberFault, PatentNumber, Place, Point, PointFault, RegionCode,
    RegionFault, Text, fold_width, text,
};

/// What stands in a cell or a form field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    Text(String),
    /// The digits of a numeric cell. `lossy` says that a spreadsheet had already rounded them.
    Number {
        digits: String,
        lossy: bool,
    },
    Date(Date),
    Bool(bool),
    /// A spreadsheet error such as `#N/A`.
    Fault(String),
}

/// The units in which bare numbers of a column are written, as its header or the sheet says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Units {
    pub money: Option<MoneyUnit>,
    /// The header says `%`: a bare 3 means 3%.
    pub percent: bool,
}

impl Raw {
    pub fn text(text: impl Into<String>) -> Raw {
        Raw::Text(text.into())
    }

    /// As a person would read it.
    pub fn shown(&self) -> String {
        match self {
            Raw::Text(text) | Raw::Fault(text) => text.clone(),
            Raw::Number { digits, .. } => digits.clone(),
            Raw::Date(date) => date.to_string(),
            Raw::Bool(truth) => if *truth { "是" } else { "否" }.to_string(),
        }
    }
}

/// Words that people write where they have nothing to say.
const NOTHING: [&str; 16] = ["", "/", "\\", "-", "--", "—", "——", "无", "暂无", "空", "N/A", "n/a", "NA", "null", "NULL", "待补充"];

/// The longest piece of what was written that a message repeats, in characters.
const QUOTE: usize = 40;

/// Reads `raw` as a value of `field`. `Ok(None)` means that nothing was written. The diagnostic of
/// a refusal names the field; the caller adds the place.
pub fn read_field(field: &Field, raw: &Raw, units: &Units) -> Result<Option<Value>, Box<Diagnostic>> {
    let shown = raw.shown();
    if NOTHING.contains(&shown.trim()) {
        return Ok(None);
    }
    if let Raw::Fault(fault) = raw {
        return Err(refuse(field, "cell.error", text!("单元格是错误值 `{fault}`", "the cell holds the error `{fault}`"))
            .help(text!("请改正公式或填入数值", "correct the formula or type the value"))
            .into());
    }
    let read = match field.ty {
        FieldType::Text | FieldType::Reference => one_line(field, raw),
        FieldType::LongText => long_text(field, &shown),
        FieldType::Integer => integer(field, raw),
        FieldType::Decimal => decimal(field, raw),
        FieldType::Ratio => ratio(field, raw, units),
        FieldType::Money => money(field, raw, units),
        FieldType::Date => date(field, raw),
        FieldType::Period => period(field, &shown),
        FieldType::Bool => truth(field, raw),
        FieldType::Choice => choice(field, &shown).map(Value::Text),
        FieldType::Choices => list(field, &shown)?.iter().map(|word| choice(field, word)).collect::<Result<_, _>>().map(Value::List),
        FieldType::List => list(field, &shown).map(Value::List),
        FieldType::Region => region(field, &shown),
        FieldType::Point => point(field, &shown),
        FieldType::Industry => industry(field, &shown),
        FieldType::CreditCode => credit_code(field, raw),
        FieldType::PatentNumber => patent_number(field, raw),
        FieldType::Email => email(field, &shown),
        FieldType::Phone => phone(field, raw),
        FieldType::Url => url(field, &shown),
    };
    read.map(Some).map_err(Box::new)
}

fn refuse(field: &Field, code: &str, message: Text) -> Diagnostic {
    let named = Text::new(format!("{}：{}", field.name.zh, message.zh), format!("{}: {}", field.name.en, message.en));
    Diagnostic::error(code, named).at(Place::field(&field.key))
}

/// The beginning of what was written, for a message.
fn quote(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= QUOTE { text.to_string() } else { text.chars().take(QUOTE).chain(['…']).collect() }
}

fn within_limit(field: &Field, text: String) -> Result<String, Diagnostic> {
    let length = text.chars().count();
    match field.max {
        Some(max) if length > max => {
            Err(refuse(field, "text.too_long", text!("有 {length} 个字，最多 {max} 个", "has {length} characters, at most {max} are kept"))
                .help(text!("请缩短，或把详细内容写到说明类字段", "shorten it or move the detail to a description field")))
        }
        _ => Ok(text),
    }
}

/// Text without control characters; line breaks stay.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect::<String>().trim().to_string()
}

fn one_line(field: &Field, raw: &Raw) -> Result<Value, Diagnostic> {
    if let Raw::Number { digits, lossy: true } = raw {
        return Err(rounded(field, digits));
    }
    let line = clean(&raw.shown()).split_whitespace().collect::<Vec<_>>().join(" ");
    within_limit(field, line).map(Value::Text)
}

fn long_text(field: &Field, shown: &str) -> Result<Value, Diagnostic> {
    within_limit(field, clean(&shown.replace("\r\n", "\n").replace('\r', "\n"))).map(Value::Text)
}

fn rounded(field: &Field, digits: &str) -> Diagnostic {
    refuse(field, "number.rounded", text!("`{digits}` 已被表格软件舍入，原数字丢失", "`{digits}` was rounded by the spreadsheet, its last digits are lost"))
        .help(text!("请把该列设为文本格式后重新填写", "format the column as text and type it again"))
}

fn number_fault(field: &Field, fault: &NumberFault) -> Diagnostic {
    match fault {
        NumberFault::NotANumber(given) => {
            let given = quote(given);
            refuse(field, "number.form", text!("`{given}` 不是数字", "`{given}` is not a number"))
                .help(text!("请填一个数字，如 12.5；没有就留空", "write one number such as 12.5, or leave it empty"))
        }
        NumberFault::TooLong(given) => {
            let given = quote(given);
            refuse(field, "number.too_long", text!("`{given}` 位数太多", "`{given}` has too many digits"))
        }
        NumberFault::Range(given) => {
            let given = quote(given);
            refuse(field, "number.range", text!("`{given}` 是一个范围，这里要一个数", "`{given}` is a range, one number is wanted"))
                .help(text!("请填一个确定的数", "write one definite number"))
        }
    }
}

fn parse_decimal(field: &Field, raw: &Raw) -> Result<Decimal, Diagnostic> {
    let shown = fold_width(&raw.shown());
    let bare = match &field.unit {
        Some(unit) => shown.strip_suffix(unit.as_str()).unwrap_or(&shown).trim(),
        None => &shown,
    };
    let number = Decimal::parse(bare).map_err(|fault| number_fault(field, &fault))?;
    if number.is_negative() && !field.signed {
        return Err(negative(field, &shown));
    }
    Ok(number)
}

fn negative(field: &Field, shown: &str) -> Diagnostic {
    let shown = quote(shown);
    refuse(field, "number.negative", text!("`{shown}` 是负数，这里不能为负", "`{shown}` is below zero, which makes no sense here"))
        .help(text!("请核对数值", "check the figure"))
}

fn integer(field: &Field, raw: &Raw) -> Result<Value, Diagnostic> {
    let number = parse_decimal(field, raw)?;
    let whole = number.to_i64().filter(|n| n.unsigned_abs() < 1 << 53);
    let whole = whole.ok_or_else(|| refuse(field, "number.whole", text!("`{number}` 不是整数", "`{number}` is not a whole number")))?;
    match field.max {
        Some(max) if usize::try_from(whole).is_ok_and(|n| n > max) => {
            Err(refuse(field, "number.too_large", text!("`{whole}` 超过了 {max}", "`{whole}` is more than {max}")))
        }
        _ => Ok(Value::Int(whole)),
    }
}

fn decimal(field: &Field, raw: &Raw) -> Result<Value, Diagnostic> {
    parse_decimal(field, raw).map(|number| Value::Text(number.to_string()))
}

fn ratio(field: &Field, raw: &Raw, units: &Units) -> Result<Value, Diagnostic> {
    let shown = fold_width(&raw.shown());
    let (bare, places) = match (shown.strip_suffix('%'), shown.strip_suffix('‰')) {
        (Some(bare), _) => (bare, 2),
        (_, Some(bare)) => (bare, 3),
        _ => (shown.as_str(), if units.percent { 2 } else { 0 }),
    };
    let number = Decimal::parse(bare.trim()).map_err(|fault| number_fault(field, &fault))?;
    if number.is_negative() && !field.signed {
        return Err(negative(field, &shown));
    }
    Ok(Value::Text(number.divided_by_power(places).to_string()))
}

fn money(field: &Field, raw: &Raw, units: &Units) -> Result<Value, Diagnostic> {
    let shown = raw.shown();
    let amount = Fen::parse(&shown, units.money).map_err(|fault| {
        let given = quote(&shown);
        match fault {
            MoneyFault::Number(NumberFault::NotANumber(_)) => refuse(field, "money.form", text!("`{given}` 不是金额", "`{given}` is not an amount"))
                .help(text!("请写数字和单位，如 500万元；面议请留空", "write digits and a unit such as 500万元; leave it empty if open")),
            MoneyFault::Number(fault) => number_fault(field, &fault),
            MoneyFault::NoUnit(_) => {
                refuse(field, "money.unit", text!("`{given}` 没有单位，表头也没有写明单位", "`{given}` has no unit and the header names none"))
                    .help(text!("请写成 {given}元 或 {given}万元，或在表头注明（万元）", "write {given}元 or {given}万元, or put the unit in the header"))
            }
            MoneyFault::Currency(_) => {
                refuse(field, "money.currency", text!("`{given}` 不是人民币金额", "`{given}` is not in CNY")).help(text!("请折算成人民币", "convert it to CNY"))
            }
            MoneyFault::BelowFen(_) => refuse(field, "money.fen", text!("`{given}` 有不足一分的零头", "`{given}` has a fraction of a Fen"))
                .help(text!("金额最小到分", "amounts go down to 0.01 元")),
            MoneyFault::TooLarge(_) => refuse(field, "money.too_large", text!("`{given}` 太大", "`{given}` is too large")),
        }
    })?;
    if amount < Fen::ZERO && !field.signed {
        return Err(refuse(field, "money.negative", text!("金额 `{}` 是负数", "the amount `{}` is negative", quote(&shown)))
            .help(text!("请核对数值", "check the figure")));
    }
    if amount.0.unsigned_abs() > 1 << 53 {
        return Err(refuse(field, "money.too_large", text!("`{}` 太大", "`{}` is too large", quote(&shown))));
    }
    Ok(Value::Int(amount.0))
}

fn date(field: &Field, raw: &Raw) -> Result<Value, Diagnostic> {
    let read = match raw {
        Raw::Date(date) => Ok(*date),
        Raw::Number { digits, .. } => date_of_number(field, digits)?,
        other => Date::parse(&other.shown()),
    };
    // A csv carries Excel's serial numbers as bare text.
    let read = read.or_else(|fault| match raw {
        Raw::Text(text) => text.trim().parse().ok().and_then(Date::from_serial).ok_or(fault),
        _ => Err(fault),
    });
    let fault = match read {
        Ok(date) => return Ok(Value::Text(date.to_string())),
        Err(fault) => fault,
    };
    Err(match fault {
        DateFault::NotADate(given) => {
            let given = quote(&given);
            refuse(field, "date.form", text!("`{given}` 不是日期", "`{given}` is not a date"))
        }
        DateFault::DoesNotExist(given) => refuse(field, "date.none", text!("没有 `{given}` 这一天", "the day `{given}` does not exist")),
        DateFault::Ambiguous(given) => refuse(field, "date.ambiguous", text!("`{given}` 可以读成不同的日期", "`{given}` can be read as more than one date")),
    }
    .help(text!("请写成 2021-03-05、2021年3月5日 或 2021年3月", "write 2021-03-05 or 2021-03")))
}

/// A number in a date column: a year, eight digits, or a serial. `2021.1` may be January or, cut
/// short by the spreadsheet, October; it is refused.
fn date_of_number(field: &Field, digits: &str) -> Result<Result<Date, DateFault>, Diagnostic> {
    if let Some((year, _)) = digits.split_once('.')
        && year.len() == 4
    {
        return Err(refuse(
            field,
            "date.number",
            text!("`{digits}` 是数字，分不清是 1 月还是 10 月", "`{digits}` is a number, it may mean January or October"),
        )
        .help(text!("请把该列设为文本，写成 2021-10 这样", "format the column as text and write 2021-10")));
    }
    let serial = digits.parse().ok().filter(|_| digits.len() == 5).and_then(Date::from_serial);
    Ok(serial.map_or_else(|| Date::parse(digits), Ok))
}

/// `2021`, `2021H1`, `2021Q3`, `2021-06`, from the ways people write periods.
fn period(field: &Field, shown: &str) -> Result<Value, Diagnostic> {
    let folded = fold_width(shown).to_uppercase();
    let compact: String = folded.chars().filter(|c| !c.is_whitespace() && *c != '度').collect();
    let halves = [("上半", "H1"), ("下半", "H2")];
    let quarters = [("第一季", "Q1"), ("第二季", "Q2"), ("第三季", "Q3"), ("第四季", "Q4"), ("一季", "Q1"), ("二季", "Q2"), ("三季", "Q3"), ("四季", "Q4")];
    let parts = compact.replace('年', "");
    let named = halves.iter().chain(&quarters).find_map(|(word, code)| parts.strip_suffix(word).map(|year| (year.to_string(), *code)));
    let coded =
        ["H1", "H2", "Q1", "Q2", "Q3", "Q4"].into_iter().find_map(|code| parts.strip_suffix(code).map(|year| (year.trim_end_matches('-').to_string(), code)));
    let year_of = |year: &str| year.len() == 4 && year.parse::<i16>().is_ok_and(|y| Date::new(y, None, None).is_some());
    if let Some((year, code)) = named.or(coded)
        && year_of(&year)
    {
        return Ok(Value::Text(format!("{year}{code}")));
    }
    match Date::parse(compact.replace("年", "-").replace('月', "").trim_end_matches('-')) {
        Ok(date) if date.day().is_none() => Ok(Value::Text(date.to_string())),
        _ => {
            let given = quote(shown);
            Err(refuse(field, "period.form", text!("`{given}` 不是时期", "`{given}` is not a period"))
                .help(text!("请写成 2021、2021Q3 或 2021-06", "write 2021, 2021Q3 or 2021-06")))
        }
    }
}

fn truth(field: &Field, raw: &Raw) -> Result<Value, Diagnostic> {
    if let Raw::Bool(truth) = raw {
        return Ok(Value::Bool(*truth));
    }
    let shown = raw.shown();
    match fold_width(&shown).to_lowercase().as_str() {
        "是" | "有" | "对" | "√" | "✓" | "y" | "yes" | "true" | "1" => Ok(Value::Bool(true)),
        "否" | "没有" | "不" | "不是" | "×" | "✗" | "n" | "no" | "false" | "0" => Ok(Value::Bool(false)),
        _ => {
            let given = quote(&shown);
            Err(refuse(field, "bool.form", text!("`{given}` 不是“是”或“否”", "`{given}` is neither yes nor no"))
                .help(text!("请填 是 或 否", "write yes or no")))
        }
    }
}

fn choice(field: &Field, shown: &str) -> Result<String, Diagnostic> {
    if let Some(stored) = field.choice(shown) {
        return Ok(stored.to_string());
    }
    if field.open {
        return within_limit(field, clean(shown));
    }
    let given = quote(shown);
    let zh: Vec<&str> = field.options.iter().map(|c| c.zh.as_str()).collect();
    let en: Vec<&str> = field.options.iter().map(|c| c.en.as_str()).collect();
    Err(refuse(field, "choice.unknown", text!("`{given}` 不在可选项中", "`{given}` is not among the choices"))
        .help(Text::new(format!("可选：{}", zh.join("、")), format!("choose one of: {}", en.join(", ")))))
}

fn list(field: &Field, shown: &str) -> Result<Vec<String>, Diagnostic> {
    let mut items: Vec<String> = Vec::new();
    for item in shown.split(['；', ';', '、', '，', ',', '|', '\n', '\t']) {
        let item = clean(item);
        if !item.is_empty() && !items.contains(&item) {
            items.push(item);
        }
    }
    match field.max {
        Some(max) if items.len() > max => {
            let count = items.len();
            Err(refuse(field, "list.too_long", text!("有 {count} 项，最多 {max} 项", "has {count} items, at most {max} are kept")))
        }
        _ => Ok(items),
    }
}

fn region(field: &Field, shown: &str) -> Result<Value, Diagnostic> {
    match RegionCode::find(shown) {
        Ok(code) => Ok(Value::Text(code.to_string())),
        Err(RegionFault::Unknown(given)) => {
            let given = quote(&given);
            Err(refuse(field, "region.unknown", text!("找不到行政区划 `{given}`", "there is no division `{given}`"))
                .help(text!("请写六位区划代码或 江苏省常州市天宁区 这样的全称", "write the six-digit code or the full path")))
        }
        Err(RegionFault::Ambiguous(given, places)) => {
            Err(refuse(field, "region.ambiguous", text!("`{given}` 不止一个：{places}", "several divisions are called `{given}`: {places}"))
                .help(text!("请加上省市名称", "add the province and city")))
        }
    }
}

fn industry(field: &Field, shown: &str) -> Result<Value, Diagnostic> {
    match duijie_vocab::industry(shown) {
        Some(industry) => Ok(Value::text(industry.code)),
        None => {
            let given = quote(shown);
            Err(refuse(field, "industry.unknown", text!("`{given}` 不是国民经济行业分类的代码或名称", "`{given}` is not a class of GB/T 4754"))
                .help(text!("请写 C3812 这样的代码或类别全称；说不准可留空", "write a code such as C3812 or the class's full name, or leave it empty")))
        }
    }
}

fn credit_code(field: &Field, raw: &Raw) -> Result<Value, Diagnostic> {
    if let Raw::Number { digits, lossy: true } = raw {
        return Err(rounded(field, digits));
    }
    CreditCode::parse(&raw.shown()).map(|code| Value::text(code.as_str())).map_err(|fault| match fault {
        CodeFault::Form(given) => {
            let given = quote(&given);
            refuse(field, "credit_code.form", text!("`{given}` 不是 18 位统一社会信用代码", "`{given}` is not an 18-character credit code"))
                .help(text!("请照营业执照填写；不含字母 I、O、S、V、Z", "copy it from the licence; it has no letters I, O, S, V, Z"))
        }
        CodeFault::CheckDigit { given, expected } => refuse(
            field,
            "credit_code.check",
            text!("`{given}` 的校验码不对，最后一位应为 `{expected}`", "the check digit of `{given}` is wrong, `{expected}` was expected"),
        )
        .help(text!("请核对每一位", "compare every character")),
    })
}

fn patent_number(field: &Field, raw: &Raw) -> Result<Value, Diagnostic> {
    PatentNumber::parse(&raw.shown()).map(|number| Value::text(number.as_str())).map_err(|fault| match fault {
        CodeFault::Form(given) => {
            let given = quote(&given);
            refuse(field, "patent_number.form", text!("`{given}` 不是专利申请号", "`{given}` is not a patent application number"))
                .help(text!("请写成 ZL202110123456.7 这样", "write it like ZL202110123456.7"))
        }
        CodeFault::CheckDigit { given, expected } => refuse(
            field,
            "patent_number.check",
            text!("`{given}` 的校验位不对，应为 `{expected}`", "the check digit of `{given}` is wrong, `{expected}` was expected"),
        )
        .help(text!("请核对每一位", "compare every digit")),
    })
}

fn point(field: &Field, shown: &str) -> Result<Value, Diagnostic> {
    let fault = match Point::parse(shown) {
        Ok(point) => return Ok(Value::Text(point.to_string())),
        Err(fault) => fault,
    };
    let given = quote(shown);
    let usual =
        text!("请写成 119.97,31.81（经度在前）或 东经119°58′12″ 北纬31°48′36″", "write it like 119.97,31.81 (longitude first) or 119°58′12″E 31°48′36″N");
    Err(match fault {
        PointFault::NotAPoint(_) => refuse(field, "point.form", text!("`{given}` 不是经纬度", "`{given}` is not a longitude and a latitude")).help(usual),
        PointFault::Half(_) => refuse(field, "point.half", text!("`{given}` 缺经度或纬度", "`{given}` is only one of longitude and latitude")).help(usual),
        PointFault::OutOfRange(_) => refuse(field, "point.range", text!("`{given}` 超出范围", "`{given}` is out of range"))
            .help(text!("经度不超过 180 度，纬度不超过 90 度，分、秒小于 60", "longitudes end at 180 degrees, latitudes at 90, minutes and seconds below 60")),
        PointFault::Swapped(_) => refuse(field, "point.swapped", text!("`{given}` 像是纬度在前", "`{given}` seems to have its latitude first"))
            .help(text!("请把经度写在前面，或注明 北纬、东经", "write the longitude first, or say which is N and which is E")),
        PointFault::Coarse(_) => {
            refuse(field, "point.coarse", text!("`{given}` 只到整度，误差可达百公里", "`{given}` is in whole degrees, which may be off by 100 km"))
                .help(text!("请至少写两位小数；不知道就留空", "write two decimals or more, or leave it empty"))
        }
        PointFault::System(_) => refuse(field, "point.system", text!("`{given}` 不是 WGS-84 坐标", "`{given}` is not in WGS 84")).help(text!(
            "网络地图的 GCJ-02、BD-09 坐标有数百米偏移，请用 WGS-84 或 CGCS2000 坐标",
            "GCJ-02 and BD-09 of web maps are shifted by some hundred metres; give WGS 84 or CGCS2000"
        )),
    })
}

fn email(field: &Field, shown: &str) -> Result<Value, Diagnostic> {
    let address = fold_width(shown);
    let plausible =
        address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.ends_with('.') && !host.starts_with('.'));
    if plausible && !address.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | ',')) && address.len() <= 254 {
        return Ok(Value::Text(address));
    }
    let given = quote(shown);
    Err(refuse(field, "email.form", text!("`{given}` 不是邮箱地址", "`{given}` is not an e-mail address"))
        .help(text!("如 name@example.cn", "such as name@example.cn")))
}

fn phone(field: &Field, raw: &Raw) -> Result<Value, Diagnostic> {
    let shown = raw.shown();
    let number = fold_width(&shown);
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let plausible = (5..=40).contains(&digits) && number.chars().all(|c| c.is_ascii_digit() || " -+()/,;、转".contains(c));
    if plausible {
        return Ok(Value::Text(number));
    }
    let given = quote(&shown);
    Err(refuse(field, "phone.form", text!("`{given}` 不是电话号码", "`{given}` is not a phone number"))
        .help(text!("如 0519-85680000", "such as 0519-85680000")))
}

fn url(field: &Field, shown: &str) -> Result<Value, Diagnostic> {
    let address = fold_width(shown);
    let with_scheme = if address.contains("://") { address } else { format!("http://{address}") };
    let plausible = with_scheme.strip_prefix("http://").or_else(|| with_scheme.strip_prefix("https://")).is_some_and(|rest| rest.contains('.'));
    if plausible && !with_scheme.contains(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"')) && with_scheme.len() <= 2000 {
        return Ok(Value::Text(with_scheme));
    }
    let given = quote(shown);
    Err(refuse(field, "url.form", text!("`{given}` 不是网址", "`{given}` is not a web address"))
        .help(text!("如 https://example.cn", "such as https://example.cn")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;
    use duijie_vocab::Lang;

    fn read(kind: &str, key: &str, raw: Raw, units: Units) -> String {
        let field = schema(kind).unwrap().field(key).unwrap();
        match read_field(field, &raw, &units) {
            Ok(None) => "nothing".into(),
            Ok(Some(value)) => serde_json::to_string(&value).unwrap(),
            Err(refusal) => format!("{}: {}", refusal.code, refusal.line(Lang::En)),
        }
    }

    fn read_text(kind: &str, key: &str, text: &str) -> String {
        read(kind, key, Raw::text(text), Units::default())
    }

    #[test]
    fn money_takes_its_unit_from_the_cell_then_from_the_header() {
        let wan = Units { money: Some(MoneyUnit::Wan), percent: false };
        let number = |digits: &str| Raw::Number { digits: digits.into(), lossy: false };
        assert_eq!(read("need", "budget", number("50"), wan), "50000000");
        assert_eq!(read("need", "budget", Raw::text("80元"), wan), "8000");
        assert_eq!(
            read("need", "budget", number("50"), Units::default()),
            "money.unit: Planned investment: `50` has no unit and the header names none (write 50元 or 50万元, or put the unit in the header)"
        );
        assert!(read("need", "budget", number("-5"), wan).starts_with("money.negative"));
        assert!(read("need", "budget", Raw::text("面议"), wan).starts_with("money.form"));
        assert_eq!(read("facts", "profit", Raw::text("-3万元"), Units::default()), "-3000000");
    }

    #[test]
    fn dates_that_could_be_two_things_are_refused() {
        let number = |digits: &str| Raw::Number { digits: digits.into(), lossy: false };
        assert_eq!(read("need", "until", number("44260"), Units::default()), "\"2021-03-05\"");
        assert_eq!(read("need", "until", number("2021"), Units::default()), "\"2021\"");
        assert_eq!(read_text("need", "until", "44260"), "\"2021-03-05\"");
        assert_eq!(read_text("need", "until", "2021.3.5"), "\"2021-03-05\"");
        assert!(read("need", "until", number("2021.1"), Units::default()).starts_with("date.number"));
        assert!(read_text("need", "until", "2021-02-30").starts_with("date.none"));
    }

    #[test]
    fn choices_are_found_in_both_languages_and_by_alias() {
        assert_eq!(read_text("offer", "maturity", "中试"), "\"通过中试\"");
        assert_eq!(read_text("offer", "maturity", "passed pilot"), "\"通过中试\"");
        assert!(read_text("offer", "maturity", "很成熟").starts_with("choice.unknown"));
        assert_eq!(read_text("need", "solving", "联合攻关、技术入股"), "[\"合作开发\",\"技术入股\"]");
    }

    #[test]
    fn shares_periods_regions_and_codes_are_normalized() {
        assert_eq!(read_text("finance", "rate", "３．８５％"), "\"0.0385\"");
        assert_eq!(read("finance", "rate", Raw::text("3.85"), Units { money: None, percent: true }), "\"0.0385\"");
        for (text, expected) in [("2021年", "2021"), ("2021年三季度", "2021Q3"), ("2021年上半年", "2021H1"), ("2021-6", "2021-06"), ("2021q2", "2021Q2")]
        {
            assert_eq!(read_text("facts", "period", text), format!("\"{expected}\""), "{text}");
        }
        assert_eq!(read_text("need", "region", "常州市天宁区"), "\"320402\"");
        assert_eq!(read_text("need", "industry", "3812"), "\"C3812\"");
        assert!(
            read("organization", "credit_code", Raw::Number { digits: "913501000000100000".into(), lossy: true }, Units::default())
                .starts_with("number.rounded")
        );
        assert_eq!(read_text("organization", "website", "www.example.cn"), "\"http://www.example.cn\"");
        assert!(read_text("organization", "website", "javascript:alert(1)").starts_with("url.form"));
    }

    #[test]
    fn nothing_is_nothing() {
        for text in ["", "  ", "/", "无", "暂无"] {
            assert_eq!(read_text("need", "budget", text), "nothing");
        }
        assert!(read("need", "title", Raw::Fault("#N/A".into()), Units::default()).starts_with("cell.error"));
    }
}
