//! Who is asking, and what they may do. One function decides, and says why.

use duijie_record::Visibility;
use duijie_vocab::{RegionCode, Text, text};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nobody in particular.
    Public,
    /// Acts for one organization.
    Member,
    /// Finds, writes up and follows needs on behalf of organizations in a region.
    Adviser,
    /// Staff of a bureau or association, for a region.
    Officer,
    /// Sees the figures of a region.
    Leader,
    /// Runs the installation.
    Admin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Viewer {
    /// The login, or nothing for the public.
    pub login: Option<String>,
    /// What pages call the person.
    pub name: String,
    pub role: Role,
    /// The region that the role reaches over.
    pub region: RegionCode,
    /// The id of the organization that a member acts for.
    pub organization: Option<String>,
}

/// Something that a viewer wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Change a record of this region and, if it has one, this owner.
    Edit,
    /// Bring in many records at once.
    Import,
    /// Take out whole lists.
    Export,
    /// See what policies say about an organization.
    Decide,
    /// See and resolve likely duplicates.
    Merge,
    /// Promise, approve and pay money of a region, and settle it with others.
    Pay,
    /// Take what an organization is promised: confirm, appeal, hold vouchers, deliver and claim.
    Hold,
    /// See the health of the installation.
    Administer,
}

/// What the action is about.
#[derive(Clone, Debug, Default)]
pub struct Target {
    pub region: Option<RegionCode>,
    /// The organization that the thing belongs to, or is.
    pub organization: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", reason.en)]
pub struct Refused {
    pub reason: Text,
    /// Whether logging in could change the answer.
    pub login_helps: bool,
}

impl Role {
    pub const ALL: [Role; 6] = [Role::Public, Role::Member, Role::Adviser, Role::Officer, Role::Leader, Role::Admin];

    /// The word in the database and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Public => "public",
            Role::Member => "member",
            Role::Adviser => "adviser",
            Role::Officer => "officer",
            Role::Leader => "leader",
            Role::Admin => "admin",
        }
    }

    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == word)
    }

    pub fn name(self) -> Text {
        match self {
            Role::Public => text!("访客", "Visitor"),
            Role::Member => text!("企业用户", "Member"),
            Role::Adviser => text!("科技联络员", "Adviser"),
            Role::Officer => text!("经办人", "Officer"),
            Role::Leader => text!("领导", "Leader"),
            Role::Admin => text!("管理员", "Administrator"),
        }
    }
}

impl Viewer {
    pub fn public() -> Viewer {
        Viewer { login: None, name: String::new(), role: Role::Public, region: RegionCode::NATION, organization: None }
    }

    /// The operator at the command line: whoever holds the data directory holds everything in it.
    pub fn operator() -> Viewer {
        Viewer { login: Some("operator".into()), name: "operator".into(), role: Role::Admin, region: RegionCode::NATION, organization: None }
    }

    /// The highest visibility that the viewer reads everywhere.
    pub fn clearance(&self) -> Visibility {
        match self.role {
            Role::Public => Visibility::Public,
            Role::Member | Role::Adviser => Visibility::Registered,
            Role::Officer | Role::Leader if self.region != RegionCode::NATION => Visibility::Registered,
            Role::Officer | Role::Leader | Role::Admin => Visibility::Office,
        }
    }

    /// The highest visibility that the viewer reads of something in `target`.
    pub fn clearance_for(&self, target: &Target) -> Visibility {
        let own = self.organization.is_some() && self.organization == target.organization;
        let in_region = target.region.is_some_and(|region| self.region.contains(region));
        match self.role {
            Role::Officer | Role::Leader if in_region => Visibility::Office,
            Role::Adviser if in_region => Visibility::Parties,
            Role::Member if own => Visibility::Parties,
            _ => self.clearance(),
        }
    }

    /// Whether the viewer may do `action` to `target`; a refusal says why and what would help.
    pub fn may(&self, action: Action, target: &Target) -> Result<(), Refused> {
        let refuse = |reason| Err(Refused { reason, login_helps: self.login.is_none() });
        if self.role == Role::Public {
            return refuse(text!("请先登录", "log in first"));
        }
        if self.role == Role::Admin {
            return Ok(());
        }
        let in_region = target.region.is_none_or(|region| self.region.contains(region));
        let own = self.organization.is_some() && self.organization == target.organization;
        let region = self.region.name();
        let outside = || text!("不属于您负责的地区（{region}）", "it lies outside your region ({region})");
        match (action, self.role) {
            (Action::Administer, _) => refuse(text!("只有管理员可以查看", "only administrators may see this")),
            (Action::Edit | Action::Decide | Action::Hold, Role::Member) if own => Ok(()),
            (Action::Edit | Action::Decide | Action::Hold, Role::Member) => {
                refuse(text!("只能处理本单位的数据", "members may only act for their own organization"))
            }
            (Action::Edit | Action::Decide | Action::Import | Action::Merge | Action::Pay | Action::Hold, Role::Officer)
            | (Action::Edit | Action::Decide, Role::Adviser) => {
                if in_region {
                    Ok(())
                } else {
                    refuse(outside())
                }
            }
            (Action::Decide | Action::Export, Role::Leader) | (Action::Export, Role::Officer) => {
                if in_region {
                    Ok(())
                } else {
                    refuse(outside())
                }
            }
            (Action::Export, Role::Member | Role::Adviser) => Ok(()),
            _ => refuse(text!("您的角色没有这项权限", "your role does not include this")),
        }
    }
}
