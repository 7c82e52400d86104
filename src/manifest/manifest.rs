//! A document seen as a manifest: its package, versions, application and components.

use crate::document::{Attribute, Document, Node};
use crate::library::{ACTIONS, IM_RECEIVER, NEWEST_SDK};

/// What a manifest is before it is installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An app's own: Gradle merges the libraries' into it, so what is not in it may still come.
    Source,
    /// As it is installed: what is not in it is missing.
    Merged,
    /// A library's: it is merged into an app's, and has no receiver of its own.
    Library,
}

pub(crate) struct Manifest<'d> {
    pub(crate) document: &'d Document,
    pub(crate) root: Node<'d>,
    pub(crate) application: Option<Node<'d>>,
    pub(crate) form: Form,
    pub(crate) package: Option<String>,
    pub(crate) min_sdk: Option<u32>,
    /// What the app targets; see `target_is_assumed`.
    pub(crate) target_sdk: u32,
    /// Nobody said the target.
    pub(crate) target_is_assumed: bool,
}

const COMPONENTS: [&str; 5] = ["activity", "activity-alias", "service", "receiver", "provider"];

impl<'d> Manifest<'d> {
    /// None if the root is no `<manifest>`.
    pub(crate) fn new(document: &'d Document, form: Form, package: Option<&str>, target: Option<u32>) -> Option<Self> {
        let root = document.root().filter(|root| root.name() == "manifest")?;
        let sdk = |name| root.children_named("uses-sdk").find_map(|node| api_level(node.value(name)?));
        let min_sdk = sdk("minSdkVersion");
        let said = target.or_else(|| sdk("targetSdkVersion")).or(match form {
            // Android takes the lowest for the target, and 1 for the lowest, where nothing is said.
            Form::Merged => Some(min_sdk.unwrap_or(1)),
            Form::Source | Form::Library => None,
        });
        let own = root.find(crate::document::Space::None, "package").map(|attribute| attribute.value.clone());
        Some(Self {
            document,
            root,
            application: root.children_named("application").next(),
            form,
            package: package.map(str::to_owned).or(own),
            min_sdk,
            target_sdk: said.unwrap_or(NEWEST_SDK),
            target_is_assumed: said.is_none(),
        })
    }

    /// The package as another place of the same file may write it.
    pub(crate) fn is_package(&self, text: &str) -> bool {
        text == "${applicationId}" && self.form != Form::Merged || self.package.as_deref() == Some(text)
    }

    /// Activities, services, receivers and providers, without those that the build tools take out.
    pub(crate) fn components(&self) -> impl Iterator<Item = Node<'d>> {
        self.all_components().filter(|node| !node.is_removed())
    }

    pub(crate) fn all_components(&self) -> impl Iterator<Item = Node<'d>> {
        self.application.into_iter().flat_map(Node::children).filter(|node| COMPONENTS.contains(&node.name()))
    }

    /// The whole class name of a component: a leading dot, or no dot at all, stands for the package.
    pub(crate) fn class(&self, node: Node<'d>) -> String {
        self.class_named(node.value("name").unwrap_or_default())
    }

    pub(crate) fn class_named(&self, name: &str) -> String {
        let own = self.root.find(crate::document::Space::None, "package").map(|attribute| attribute.value.as_str());
        match own {
            Some(package) if name.starts_with('.') => format!("{package}{name}"),
            Some(package) if !name.is_empty() && !name.contains('.') => format!("{package}.{name}"),
            _ => name.to_owned(),
        }
    }

    pub(crate) fn component(&self, class: &str) -> Option<Node<'d>> {
        self.components().find(|&node| self.class(node) == class)
    }

    /// Receivers with a filter for one of Mi Push's actions, the IM side's own excepted.
    pub(crate) fn receivers(&self) -> Vec<Node<'d>> {
        self.components()
            .filter(|&node| node.name() == "receiver" && self.class(node) != IM_RECEIVER)
            .filter(|&node| actions(node).any(|action| ACTIONS.contains(&action.value.as_str())))
            .collect()
    }

    /// The meta-data of the application with this name.
    pub(crate) fn meta_data(&self, name: &str) -> Option<Node<'d>> {
        self.all_meta_data().find(|node| node.value("name") == Some(name) && !node.is_removed())
    }

    pub(crate) fn all_meta_data(&self) -> impl Iterator<Item = Node<'d>> {
        self.application.into_iter().flat_map(|application| application.children_named("meta-data"))
    }

    /// The `<uses-permission>` elements for a permission.
    pub(crate) fn uses(&self, permission: &str) -> impl Iterator<Item = Node<'d>> {
        self.all_uses().filter(move |node| node.value("name") == Some(permission) && !node.is_removed())
    }

    pub(crate) fn all_uses(&self) -> impl Iterator<Item = Node<'d>> {
        self.root.children().filter(|node| matches!(node.name(), "uses-permission" | "uses-permission-sdk-23"))
    }

    /// What the installed app says of its foreground service: `offpush.foreground`.
    pub(crate) fn wants_foreground(&self) -> bool {
        self.meta_data("offpush.foreground").and_then(|node| node.value("value")) != Some("false")
    }
}

/// The `android:name`s of all actions in all filters of a component.
pub(crate) fn actions(node: Node<'_>) -> impl Iterator<Item = &Attribute> {
    filters(node).flat_map(|filter| filter.children_named("action")).filter_map(|action| action.android("name"))
}

pub(crate) fn filters(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.children_named("intent-filter")
}

/// An API level; a preview's code name counts as the newest.
fn api_level(text: &str) -> Option<u32> {
    match text.parse() {
        Ok(level) => Some(level),
        Err(_) if text.starts_with(|c: char| c.is_ascii_uppercase()) => Some(NEWEST_SDK),
        Err(_) => None,
    }
}
