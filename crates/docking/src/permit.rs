//! Whether a move may be made, by the table; a refusal says why and what would be possible.

use crate::{
    Act, Case, CaseState, Hat, Introduction, IntroductionMove, IntroductionState, Move, Requirement, Rules, Seeker, Verb, Who, moves_of, table::MOVES,
};
use duijie_vocab::{Diagnostic, RegionCode, Text, text};

/// Why a move was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", reason.en)]
pub struct Refusal {
    pub kind: RefusalKind,
    pub reason: Text,
    /// What would be possible.
    pub help: Option<Text>,
    /// Faults of single fields.
    pub faults: Vec<Diagnostic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalKind {
    /// Not from this state.
    NotNow,
    /// Not by this person.
    NotYou,
    /// The introduction is not there or is in another state.
    Introduction,
    /// Something is missing.
    Missing(Requirement),
}

impl Case {
    /// The acts that the table offers `who` in the present state, whatever else they need.
    pub fn choices(&self, who: &Who) -> Vec<Verb> {
        let offered = |row: &&Move| row.from.contains(&self.state) && row.who.contains(&who.hat) && self.fits_introductions(row, who);
        let mut verbs: Vec<Verb> = MOVES.iter().filter(offered).filter(|_| self.concerns(who, None)).map(|row| row.verb).collect();
        verbs.dedup();
        verbs
    }

    /// Whether some introduction, or for a responder the own one, is as the row needs it.
    fn fits_introductions(&self, row: &Move, who: &Who) -> bool {
        let mut own = self.introductions.iter().filter(|introduction| who.hat != Hat::Responder || who.party.as_ref() == Some(&introduction.responder.id));
        match row.introduction {
            IntroductionMove::None | IntroductionMove::New => true,
            IntroductionMove::Moves(states, _) | IntroductionMove::Stays(states) => own.any(|introduction| states.contains(&introduction.state)),
        }
    }

    /// Whether `who` has to do with the case in the part in which they act; `responder` is the one an act names.
    pub(crate) fn concerns(&self, who: &Who, responder: Option<&str>) -> bool {
        let party = who.party.as_deref();
        match who.hat {
            Hat::Seeker => party == Some(self.seeker.organization.as_str()),
            Hat::Adviser => who.region.contains(self.region),
            Hat::Officer => who.region.contains(self.desk),
            Hat::Responder => party.is_some_and(|own| self.introduction(own).is_some() && responder.is_none_or(|named| named == own)),
            Hat::Product => true,
        }
    }
}

/// The row that lets `who` do `act` now.
pub(crate) fn permit(case: &Case, act: &Act, who: &Who, rules: &Rules) -> Result<&'static Move, Refusal> {
    let verb = act.verb();
    let row = moves_of(verb).find(|row| row.from.contains(&case.state)).ok_or_else(|| not_now(case, verb, who))?;
    if !row.who.contains(&who.hat) || !case.concerns(who, act.responder()) {
        return Err(not_you(row, who));
    }
    check_introduction(case, row, act)?;
    for need in row.needs {
        if let Some(unmet) = need.unmet(case, act, who, rules) {
            return Err(Refusal { kind: RefusalKind::Missing(*need), reason: unmet.reason, help: None, faults: unmet.faults });
        }
    }
    Ok(row)
}

/// Whether `who` may open a case for an organization of `region`.
pub(crate) fn may_open(who: &Who, region: RegionCode, seeker: &Seeker) -> Result<(), Refusal> {
    let may = match who.hat {
        Hat::Seeker => who.party.as_ref() == Some(&seeker.organization),
        Hat::Adviser | Hat::Officer => who.region.contains(region),
        Hat::Responder | Hat::Product => false,
    };
    let reason = || text!("只能为本单位或所辖地区的单位新建对接单", "a case is opened for one's own organization or one of one's region");
    if may { Ok(()) } else { Err(Refusal { kind: RefusalKind::NotYou, reason: reason(), help: None, faults: Vec::new() }) }
}

/// The state that the table gives an introduction after `verb`, if it moves it.
pub(crate) fn introduction_after(verb: Verb, from: IntroductionState) -> Option<IntroductionState> {
    moves_of(verb).find_map(|row| match row.introduction {
        IntroductionMove::Moves(states, to) if states.contains(&from) => Some(to),
        _ => None,
    })
}

fn not_now(case: &Case, verb: Verb, who: &Who) -> Refusal {
    let (act, state) = (verb.name(), case.state.name());
    let reason = Text::new(format!("“{}”的对接单不能“{}”", state.zh, act.zh), format!("`{}` is not possible while the case is {}", act.en, state.en));
    let choices: Vec<Text> = case.choices(who).into_iter().map(Verb::name).collect();
    let join = |of: fn(&Text) -> &str, comma: &str| choices.iter().map(of).collect::<Vec<_>>().join(comma);
    let help = (!choices.is_empty()).then(|| {
        let (zh, en) = (join(|word| &word.zh, "、"), join(|word| &word.en, ", "));
        text!("现在可以：{zh}", "possible now: {en}")
    });
    Refusal { kind: RefusalKind::NotNow, reason, help, faults: Vec::new() }
}

fn not_you(row: &Move, who: &Who) -> Refusal {
    let names: Vec<Text> = row.who.iter().map(|hat| hat.name()).collect();
    let zh = names.iter().map(|name| name.zh.as_str()).collect::<Vec<_>>().join("、");
    let en = names.iter().map(|name| name.en.as_str()).collect::<Vec<_>>().join(", ");
    let act = row.verb.name();
    let reason = if row.who.contains(&who.hat) {
        Text::new(format!("这张对接单不归您办理，不能“{}”", act.zh), format!("this case is not yours, so you may not `{}`", act.en))
    } else {
        Text::new(format!("“{}”只能由{zh}办理", act.zh), format!("`{}` is done by {en}", act.en))
    };
    Refusal { kind: RefusalKind::NotYou, reason, help: None, faults: Vec::new() }
}

fn check_introduction(case: &Case, row: &Move, act: &Act) -> Result<(), Refusal> {
    let refuse = |reason| Err(Refusal { kind: RefusalKind::Introduction, reason, help: None, faults: Vec::new() });
    let found = act.responder().and_then(|responder| case.introduction(responder));
    let expected = match (row.introduction, found) {
        (IntroductionMove::None, _) | (IntroductionMove::New, None) => return Ok(()),
        (IntroductionMove::New, Some(_)) => {
            return refuse(text!("已向该响应方推介过；可重新推介", "the case was introduced to this responder already; it can be sent again"));
        }
        (_, None) => return refuse(text!("没有向该响应方推介过", "the case was not introduced to this responder")),
        (IntroductionMove::Moves(states, _) | IntroductionMove::Stays(states), Some(Introduction { state, .. })) if states.contains(state) => return Ok(()),
        (_, Some(introduction)) => introduction.state.name(),
    };
    let act = row.verb.name();
    refuse(Text::new(format!("“{}”的推介不能“{}”", expected.zh, act.zh), format!("`{}` is not possible while the introduction is {}", act.en, expected.en)))
}

/// The states in which `verb` is possible at all, for pages that explain.
pub fn states_for(verb: Verb) -> Vec<CaseState> {
    moves_of(verb).flat_map(|row| row.from.iter().copied()).collect()
}
