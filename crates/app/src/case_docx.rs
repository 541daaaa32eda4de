//! The whole case as one Word document 案卷: what the page shows, in order, on paper.

use crate::{AppError, CaseView};
use duijie_vocab::{Lang, Text, text};
use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The case as the bytes of a docx file, in one language. It holds what the view holds and no more.
pub fn case_docx(case: &CaseView, lang: Lang) -> Result<Vec<u8>, AppError> {
    let mut paper = Paper { body: String::new(), lang };
    paper.cover(case);
    paper.need(case);
    paper.holds_and_introductions(case);
    paper.follow_through(case);
    paper.contract(case);
    paper.end(case);
    packed(&paper.body).map_err(|fault| AppError::Internal(fault.into()))
}

struct Paper {
    body: String,
    lang: Lang,
}

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>"#;

const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;

const PARTS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;

const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="宋体"/><w:sz w:val="22"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="80" w:line="300" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>
<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:pPr><w:jc w:val="center"/><w:spacing w:after="240"/></w:pPr><w:rPr><w:rFonts w:eastAsia="黑体"/><w:b/><w:sz w:val="36"/></w:rPr></w:style>
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="240"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:rFonts w:eastAsia="黑体"/><w:b/><w:sz w:val="26"/></w:rPr></w:style></w:styles>"#;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#;

/// A4 upright with margins of 2.5 cm.
const FOOT: &str = r#"<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1417" w:right="1417" w:bottom="1417" w:left="1417" w:header="851" w:footer="851" w:gutter="0"/></w:sectPr></w:body></w:document>"#;

impl Paper {
    fn cover(&mut self, case: &CaseView) {
        self.paragraph("Title", &[(case.need.title.as_str(), false)]);
        self.pair(text!("编号", "Number"), &case.id);
        self.pair(text!("状态", "State"), case.state_name.get(self.lang));
        self.pair(text!("地区", "Region"), &case.region_name);
        self.pair(text!("经办人", "Officer"), case.handler.as_deref().unwrap_or_default());
        self.pair(text!("联络员", "Adviser"), case.adviser.as_deref().unwrap_or_default());
    }

    fn need(&mut self, case: &CaseView) {
        let need = &case.need;
        self.heading(text!("需求", "The need"));
        let given = |text: &Option<String>| text.clone().unwrap_or_default();
        self.pair(text!("需求单位", "Organization"), &given(&need.organization));
        if let Some(contact) = &need.contact {
            self.pair(text!("联系人", "Contact"), &[contact.name.as_str(), &contact.phone, &contact.email].join(" "));
        }
        self.pair(text!("技术领域", "Fields"), &need.fields.join("、"));
        self.pair(text!("主要问题", "Problem"), &given(&need.problem));
        self.pair(text!("技术关键", "Key technology"), &given(&need.key_technology));
        self.pair(text!("预期目标", "Expected result"), &given(&need.expected_result));
        if let Some(budget) = need.budget {
            self.pair(text!("预算", "Budget"), budget.text().get(self.lang));
        }
        self.pair(text!("期限", "Until"), &need.until.map(|until| until.to_string()).unwrap_or_default());
        self.pair(text!("保密内容", "Confidential part"), &given(&need.confidential));
    }

    fn holds_and_introductions(&mut self, case: &CaseView) {
        if !case.holds.is_empty() {
            self.heading(text!("暂缓", "Holds"));
        }
        for hold in &case.holds {
            self.paragraph("Normal", &[(hold.reason.get(self.lang), false), (hold.lifted.as_deref().unwrap_or_default(), false)]);
        }
        if !case.introductions.is_empty() {
            self.heading(text!("推介", "Introductions"));
        }
        for introduction in &case.introductions {
            let state = introduction.state_name.get(self.lang).to_string();
            let answered = introduction.answered.clone().unwrap_or_default();
            self.paragraph("Normal", &[(introduction.name.as_str(), true), (&state, false), (&introduction.sent, false), (&answered, false)]);
            let reasons: Vec<&str> = introduction.reasons.iter().map(|reason| reason.get(self.lang)).collect();
            self.paragraph("Normal", &[(reasons.join("；").as_str(), false)]);
            self.paragraph("Normal", &[(introduction.said.as_str(), false)]);
        }
    }

    fn follow_through(&mut self, case: &CaseView) {
        if !case.meetings.is_empty() {
            self.heading(text!("洽谈", "Meetings"));
        }
        for meeting in &case.meetings {
            self.paragraph(
                "Normal",
                &[(meeting.on.as_str(), true), (&meeting.place, false), (meeting.result.get(self.lang), false), (&meeting.present, false)],
            );
            self.paragraph("Normal", &[(meeting.minutes.as_str(), false)]);
        }
        if let Some((on, subject)) = &case.agreement {
            self.heading(text!("合作意向", "Agreement"));
            self.pair(Text::new(on, on), subject);
        }
    }

    fn contract(&mut self, case: &CaseView) {
        let Some(contract) = &case.contract else { return };
        self.heading(text!("技术合同", "Technology contract"));
        self.pair(text!("类型", "Type"), contract.kind.get(self.lang));
        self.pair(text!("名称", "Name"), &contract.name);
        self.pair(text!("登记编号", "Registration number"), contract.registration.as_deref().unwrap_or_default());
        self.pair(text!("双方", "Parties"), &contract.parties.join(" / "));
        self.pair(text!("期限", "Term"), &format!("{} – {}", contract.signed, contract.until));
        self.pair(text!("金额", "Amount"), contract.amount.get(self.lang));
        self.pair(text!("已付", "Paid"), contract.paid.get(self.lang));
        for (name, due, accepted) in &contract.milestones {
            self.pair(text!("节点", "Milestone"), &[name.as_str(), due, accepted.as_deref().unwrap_or_default()].join(" "));
        }
        for (amount, due, paid) in &contract.payments {
            self.pair(text!("付款", "Payment"), &[amount.get(self.lang), due, paid.as_deref().unwrap_or_default()].join(" "));
        }
    }

    fn end(&mut self, case: &CaseView) {
        if let Some((on, what)) = &case.delivery {
            self.heading(text!("交付", "Delivery"));
            self.pair(Text::new(on, on), what);
        }
        if let Some(outcome) = &case.outcome {
            self.heading(text!("结果", "Outcome"));
            self.paragraph("Normal", &[(outcome.get(self.lang), false)]);
        }
        for survey in &case.surveys {
            let stars = format!("{}/5", survey.stars);
            self.paragraph("Normal", &[(survey.side.get(self.lang), true), (&stars, false), (survey.outcome.get(self.lang), false), (&survey.comment, false)]);
        }
        if !case.documents.is_empty() {
            self.heading(text!("文件（SHA-256）", "Documents (SHA-256)"));
        }
        for document in &case.documents {
            self.paragraph("Normal", &[(document.name.as_str(), true), (&document.at, false), (&document.digest, false)]);
        }
        self.heading(text!("经过", "What happened"));
        for line in &case.timeline {
            let number = line.seq.to_string();
            self.paragraph("Normal", &[(number.as_str(), false), (&line.at, false), (&line.who, true), (line.what.get(self.lang), false), (&line.why, false)]);
        }
    }

    fn heading(&mut self, words: Text) {
        self.paragraph("Heading1", &[(words.get(self.lang), false)]);
    }

    /// A name and what it is; nothing if that is not known.
    fn pair(&mut self, name: Text, value: &str) {
        if !value.trim().is_empty() {
            let name = format!("{}：", name.get(self.lang));
            self.paragraph("Normal", &[(name.as_str(), true), (value, false)]);
        }
    }

    /// A paragraph of runs, each bold or not; lines within a run are kept.
    fn paragraph(&mut self, style: &str, runs: &[(&str, bool)]) {
        let runs: Vec<&(&str, bool)> = runs.iter().filter(|(words, _)| !words.trim().is_empty()).collect();
        if runs.is_empty() {
            return;
        }
        self.body.push_str(&format!("<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>"));
        for (words, bold) in runs {
            self.body.push_str(if *bold { "<w:r><w:rPr><w:b/></w:rPr>" } else { "<w:r>" });
            for (at, line) in words.trim().lines().enumerate() {
                if at > 0 {
                    self.body.push_str("<w:br/>");
                }
                self.body.push_str(&format!("<w:t xml:space=\"preserve\">{} </w:t>", escaped(line)));
            }
            self.body.push_str("</w:r>");
        }
        self.body.push_str("</w:p>");
    }
}

/// Text as XML 1.0 takes it; what no XML may hold is left out.
fn escaped(words: &str) -> String {
    let mut escaped = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\t' => escaped.push(' '),
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

fn packed(body: &str) -> zip::result::ZipResult<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let document = format!("{HEAD}{body}{FOOT}");
    let parts = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELATIONS),
        ("word/_rels/document.xml.rels", PARTS),
        ("word/styles.xml", STYLES),
        ("word/document.xml", document.as_str()),
    ];
    for (name, text) in parts {
        writer.start_file(name, SimpleFileOptions::default())?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_text() {
        let mut paper = Paper { body: String::new(), lang: Lang::Zh };
        paper.pair(text!("名称", "Name"), "<w:p>&\u{0}\u{8}一\n二");
        assert!(paper.body.contains("&lt;w:p&gt;&amp;一 </w:t><w:br/><w:t xml:space=\"preserve\">二"), "{}", paper.body);
        let bytes = packed(&paper.body).unwrap();
        assert_eq!(crate::DocumentKind::of("a.docx", &bytes), Ok(crate::DocumentKind::Docx));
    }
}
