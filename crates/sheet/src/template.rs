//! Blank workbooks for people to fill in: drop-downs and input messages where they help, required
//! columns marked, and a sheet that explains each column. What is filled in can be imported, because
//! the header is the one that reading looks for; examples stand in the explanation, never among the
//! rows.

use crate::write_xlsx::{SheetNames, cut_units, new_workbook, write_banner};
use crate::{About, Address, Column, ColumnKind, WriteFault, style};
use duijie_vocab::{Lang, MoneyUnit, Text, text};
use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, DataValidationRule, ExcelDateTime, Formula, Note, Workbook, Worksheet, XlsxError};

/// The name of the explaining sheet, in Chinese and in English.
pub const GUIDE_SHEETS: [&str; 2] = ["填写说明", "Instructions"];

/// Whether a sheet of that name explains a template and holds no data.
pub fn is_guide_sheet(name: &str) -> bool {
    GUIDE_SHEETS.iter().any(|guide| name.trim().eq_ignore_ascii_case(guide))
}

/// A workbook to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub sheets: Vec<TemplateSheet>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateSheet {
    pub name: String,
    /// The title above the header; none if empty.
    pub title: String,
    /// Remarks between title and header, one per row.
    pub notes: Vec<String>,
    pub columns: Vec<TemplateColumn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateColumn {
    pub header: String,
    /// What to fill in; shown when a cell is chosen.
    pub note: String,
    pub example: String,
    pub kind: FieldKind,
    pub required: bool,
    /// The values that may be chosen, for the kinds that have them.
    pub options: Vec<String>,
    /// The width in characters; fitted to the header if not given.
    pub width: Option<u16>,
}

/// What is filled into a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Text,
    /// Text of several lines.
    LongText,
    /// Ids and telephone numbers: digits that are no number. The cells are text before anything is
    /// typed, so that an 18-digit code keeps its end.
    Code,
    Integer,
    Decimal,
    Money(MoneyUnit),
    /// A ratio; typed and shown as percent.
    Percent,
    Date,
    /// The address of a page.
    Link,
    /// One of the options.
    Choice,
    /// One or more of the options, with `、` between them.
    Choices,
}

const LAST_ROW: u32 = 1_048_575;
/// Characters of a list that a validation itself can hold, and of an input message.
const MAX_INLINE: usize = 255;
const MAX_TITLE: usize = 32;

/// Writes `template` as xlsx; its own words are in `lang`, the given ones stay as they are.
pub fn write_template(template: &Template, about: &About, lang: Lang) -> Result<Vec<u8>, WriteFault> {
    if template.sheets.is_empty() {
        return Err(WriteFault::NoTable);
    }
    let mut workbook = new_workbook(about)?;
    let mut names = SheetNames::default();
    let guide_name = names.fit(GUIDE_SHEETS[if lang == Lang::Zh { 0 } else { 1 }]);
    let list_name = names.fit(text!("选项", "Options").get(lang));
    let mut lists = OptionLists { sheet: list_name, lists: Vec::new() };
    for sheet in &template.sheets {
        write_sheet(workbook.add_worksheet(), sheet, names.fit(&sheet.name), &mut lists, lang)?;
    }
    write_guide(workbook.add_worksheet(), template, &guide_name, lang)?;
    lists.write(&mut workbook)?;
    Ok(workbook.save_to_buffer()?)
}

fn write_sheet(sheet: &mut Worksheet, template: &TemplateSheet, name: String, lists: &mut OptionLists, lang: Lang) -> Result<(), WriteFault> {
    sheet.set_name(&name)?;
    let width = u16::try_from(template.columns.len()).ok().filter(|&width| width <= 16_384);
    let width = width.ok_or(WriteFault::TooManyColumns { table: name, limit: 16_384 })?;
    let mut row = 0;
    if !template.title.is_empty() {
        write_banner(sheet, row, width, &template.title, &style::title())?;
        row += 1;
    }
    for note in &template.notes {
        write_banner(sheet, row, width, note, &style::remark())?;
        row += 1;
    }
    for (index, column) in (0u16..).zip(&template.columns) {
        write_column(sheet, row, index, column, lists, lang)?;
    }
    sheet.set_freeze_panes(row + 1, 0)?;
    Ok(())
}

fn write_column(sheet: &mut Worksheet, row: u32, index: u16, column: &TemplateColumn, lists: &mut OptionLists, lang: Lang) -> Result<(), XlsxError> {
    let header = shown_header(column);
    let format = if column.required { style::required_header() } else { style::header() };
    let fitted = (style::shown_width(&header) + 2).clamp(10, 40) as u16;
    sheet.set_column_width(index, f64::from(column.width.unwrap_or(fitted).clamp(2, 255)))?;
    match column.kind {
        FieldKind::Percent => sheet.set_column_format(index, &style::number("0.00%"))?,
        FieldKind::Code | FieldKind::Link => sheet.set_column_format(index, &style::typed_as_text())?,
        FieldKind::Date => sheet.set_column_format(index, &style::number("yyyy-mm-dd"))?,
        FieldKind::LongText => sheet.set_column_format(index, &style::wrapped())?,
        _ => sheet,
    };
    sheet.write_string_with_format(row, index, &header, &format)?;
    let advice = advice(column, lang);
    if !advice.is_empty() {
        let comment = Note::new(cut_units(&advice, 2_000)).add_author_prefix(false);
        sheet.insert_note(row, index, &comment)?;
    }
    let validation = validation(column, lists, lang)?
        .ignore_blank(true)
        .set_input_title(cut_units(&column.header, MAX_TITLE))?
        .set_input_message(cut_units(&advice, MAX_INLINE))?;
    sheet.add_data_validation(row + 1, index, LAST_ROW, index, &validation)?;
    Ok(())
}

/// The header with the mark of a required column and the unit of amounts.
fn shown_header(column: &TemplateColumn) -> String {
    let kind = match column.kind {
        FieldKind::Money(unit) => ColumnKind::Money(unit),
        _ => ColumnKind::Text,
    };
    let header = Column::new(&column.header, kind).shown_header();
    if column.required { format!("*{header}") } else { header }
}

/// What a person sees while filling in a cell.
fn advice(column: &TemplateColumn, lang: Lang) -> String {
    let mut lines = Vec::new();
    lines.push(format_words(column).get(lang).to_string());
    if column.required {
        lines.push(text!("必填。", "Required.").get(lang).to_string());
    }
    if !column.note.is_empty() {
        lines.push(column.note.clone());
    }
    if !column.example.is_empty() {
        let example = &column.example;
        lines.push(text!("示例：{example}", "Example: {example}").get(lang).to_string());
    }
    lines.join("\n")
}

fn format_words(column: &TemplateColumn) -> Text {
    match column.kind {
        FieldKind::Text => text!("文字", "text"),
        FieldKind::LongText => text!("文字，可多行", "text, several lines if needed"),
        FieldKind::Code => text!("号码，按文本填写", "a code or number, kept as text"),
        FieldKind::Integer => text!("整数", "a whole number"),
        FieldKind::Decimal => text!("数字", "a number"),
        FieldKind::Money(unit) => {
            let shown = Column::new("", ColumnKind::Money(unit)).shown_header();
            text!("金额{shown}", "an amount of money {shown}")
        }
        FieldKind::Percent => text!("百分比，如 25%", "a percentage such as 25%"),
        FieldKind::Link => text!("网址，以 https:// 开头", "the address of a page, starting with https://"),
        FieldKind::Date => text!("日期，如 2024-05-31", "a date such as 2024-05-31"),
        FieldKind::Choice => text!("从下拉列表选择一项", "one value of the list"),
        FieldKind::Choices => text!("可选多项，用“、”隔开", "one or more values of the list, with `、` between them"),
    }
}

fn validation(column: &TemplateColumn, lists: &mut OptionLists, lang: Lang) -> Result<DataValidation, XlsxError> {
    let rule = DataValidation::new();
    let refuse = |rule: DataValidation, words: Text| {
        let title = text!("请检查", "Please check");
        rule.set_error_title(title.get(lang))?.set_error_message(cut_units(words.get(lang), MAX_INLINE))
    };
    match column.kind {
        FieldKind::Text | FieldKind::LongText | FieldKind::Code | FieldKind::Link => Ok(rule.allow_any_value()),
        FieldKind::Integer => {
            let whole = rule.allow_whole_number(DataValidationRule::Between(-2_000_000_000, 2_000_000_000));
            refuse(whole, text!("请填整数", "fill in a whole number"))
        }
        FieldKind::Decimal => {
            let number = rule.allow_decimal_number(DataValidationRule::Between(-1e15, 1e15));
            refuse(number, text!("请填数字", "fill in a number"))
        }
        FieldKind::Money(_) => {
            let amount = rule.allow_decimal_number(DataValidationRule::Between(0.0, 1e15));
            refuse(amount, text!("请填数字，不带单位", "fill in a number without its unit"))
        }
        FieldKind::Percent => {
            let ratio = rule.allow_decimal_number(DataValidationRule::Between(-100.0, 100.0));
            refuse(ratio, text!("请填百分比，如 25%", "fill in a percentage such as 25%"))
        }
        // A warning, not a refusal: a month or a year alone is a date here as well.
        FieldKind::Date => {
            let days = DataValidationRule::Between(ExcelDateTime::from_ymd(1900, 3, 1)?, ExcelDateTime::from_ymd(2200, 12, 31)?);
            let date = rule.allow_date(days).set_error_style(DataValidationErrorStyle::Warning);
            refuse(date, text!("请填日期，如 2024-05-31", "fill in a date such as 2024-05-31"))
        }
        FieldKind::Choice => {
            let list = lists.validation(rule, &column.options)?;
            refuse(list, text!("请从下拉列表选择", "choose a value of the list"))
        }
        FieldKind::Choices => Ok(lists.validation(rule, &column.options)?.show_error_message(false)),
    }
}

/// Lists of options that are too long for a validation; they stand in the columns of a hidden sheet.
struct OptionLists {
    sheet: String,
    lists: Vec<Vec<String>>,
}

impl OptionLists {
    fn validation(&mut self, rule: DataValidation, options: &[String]) -> Result<DataValidation, XlsxError> {
        if options.is_empty() {
            return Ok(rule.allow_any_value());
        }
        let length: usize = options.iter().map(|option| option.encode_utf16().count() + 1).sum();
        // A comma inside an option would part it in two; a quote is doubled inside the rule.
        let inline = length <= MAX_INLINE && !options.iter().any(|option| option.contains([',', '"', '\n']) || option.trim() != option);
        if inline {
            return rule.allow_list_strings(options);
        }
        let at = match self.lists.iter().position(|list| list == options) {
            Some(at) => at,
            None => {
                self.lists.push(options.to_vec());
                self.lists.len() - 1
            }
        };
        let column = Address::column_letters(at as u32);
        let sheet = self.sheet.replace('\'', "''");
        Ok(rule.allow_list_formula(Formula::new(format!("='{sheet}'!${column}$1:${column}${}", options.len()))))
    }

    fn write(&self, workbook: &mut Workbook) -> Result<(), XlsxError> {
        if self.lists.is_empty() {
            return Ok(());
        }
        let sheet = workbook.add_worksheet();
        sheet.set_name(&self.sheet)?.set_hidden(true);
        for (column, list) in (0u16..).zip(&self.lists) {
            for (row, option) in (0u32..).zip(list) {
                sheet.write_string(row, column, cut_units(option, 32_700))?;
            }
        }
        Ok(())
    }
}

fn write_guide(sheet: &mut Worksheet, template: &Template, name: &str, lang: Lang) -> Result<(), XlsxError> {
    sheet.set_name(name)?;
    let headers = [
        (text!("工作表", "sheet"), 16),
        (text!("列", "column"), 22),
        (text!("是否必填", "required"), 10),
        (text!("填写格式", "format"), 26),
        (text!("可选值", "values"), 40),
        (text!("示例", "example"), 28),
        (text!("说明", "note"), 50),
    ];
    for (index, (words, width)) in (0u16..).zip(&headers) {
        sheet.write_string_with_format(0, index, words.get(lang), &style::header())?;
        sheet.set_column_width(index, f64::from(*width))?;
    }
    let columns = template.sheets.iter().flat_map(|sheet| sheet.columns.iter().map(move |column| (sheet, column)));
    for (row, (of, column)) in (1u32..).zip(columns) {
        let required = if column.required { text!("必填", "required") } else { text!("选填", "optional") };
        let format = format_words(column);
        let cells = [&of.name, &column.header, required.get(lang), format.get(lang), &column.options.join("、"), &column.example, &column.note];
        for (index, words) in (0u16..).zip(cells) {
            sheet.write_string_with_format(row, index, cut_units(words, 32_700), &style::wrapped().set_quote_prefix())?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}
