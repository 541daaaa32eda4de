//! The measures of real laws that come with the language, with their sources, certainty and examples.

/// File name and text of the vocabulary and of every measure.
pub const SHIPPED: [(&str, &str); 16] = [
    ("disabled-levy.yaml", include_str!("../measures/disabled-levy.yaml")),
    ("equipment.yaml", include_str!("../measures/equipment.yaml")),
    ("facts.yaml", include_str!("../measures/facts.yaml")),
    ("gazelle.yaml", include_str!("../measures/gazelle.yaml")),
    ("hnte.yaml", include_str!("../measures/hnte.yaml")),
    ("innovative-sme.yaml", include_str!("../measures/innovative-sme.yaml")),
    ("little-giant.yaml", include_str!("../measures/little-giant.yaml")),
    ("personal-income-tax.yaml", include_str!("../measures/personal-income-tax.yaml")),
    ("rd-deduction.yaml", include_str!("../measures/rd-deduction.yaml")),
    ("small-low-profit.yaml", include_str!("../measures/small-low-profit.yaml")),
    ("stable-jobs.yaml", include_str!("../measures/stable-jobs.yaml")),
    ("tax-growth.yaml", include_str!("../measures/tax-growth.yaml")),
    ("technology-sme.yaml", include_str!("../measures/technology-sme.yaml")),
    ("unicorn.yaml", include_str!("../measures/unicorn.yaml")),
    ("vat-extra-credit.yaml", include_str!("../measures/vat-extra-credit.yaml")),
    ("voucher.yaml", include_str!("../measures/voucher.yaml")),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_of_the_folder_is_shipped() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("measures");
        let mut names: Vec<String> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, SHIPPED.map(|(name, _)| name));
    }
}
