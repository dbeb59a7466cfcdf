//! What the user made, as one file: out, and in again, on this server or another.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    Catalog, ChannelId, Edit, Error, Favourites, Writing,
    known::{Here, Known},
    store,
};

/// What says that a file is one of ours.
const FORMAT: &str = "acehls-backup";

/// The setting that holds what clients keep here, as one JSON object.
const SETTINGS: &str = "settings";

/// The setting that names this server as a device.
const DEVICE_ID: &str = "device_id";

/// What clients may keep, in bytes of JSON.
const SETTINGS_MAX: usize = 64 << 10;

/// All that the user made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// `acehls-backup`.
    pub format: String,
    /// 1.
    pub version: u32,
    /// The favourites, in order.
    #[serde(default)]
    pub favourites: Vec<Favourite>,
    /// What was made of channels.
    #[serde(default)]
    pub edits: Vec<Edited>,
    /// What clients keep.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub settings: Map<String, Value>,
}

/// A favourite.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Favourite {
    /// The channel.
    pub channel: Known,
    /// Since when, in seconds since 1970 UTC.
    pub added_at: i64,
}

/// A channel of which something was made.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Edited {
    /// The channel.
    pub channel: Known,
    /// What was made of it.
    pub edit: Edit,
}

/// What became of a backup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Restored {
    /// How many favourites there were.
    pub favourites: usize,
    /// How many edits.
    pub edits: usize,
    /// How many channels are not here. What was made of them is kept, should they come.
    pub missing: usize,
}

impl Catalog {
    /// All that the user made.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn backup(&self) -> Result<Backup, Error> {
        let (snapshot, personal) = (self.snapshot(), self.personal());
        let strangers = self.0.store.strangers().await?;
        let known = |id: ChannelId| match snapshot.channel(id) {
            Some(channel) => Known::of(channel),
            None => strangers.get(&id).cloned().unwrap_or_else(|| Known::unknown(id)),
        };
        let favourites = personal.favourites.iter();
        let favourites =
            favourites.map(|(id, added_at)| Favourite { channel: known(*id), added_at: *added_at });
        let mut edits: Vec<Edited> = self
            .0
            .store
            .all_edits()
            .await?
            .into_iter()
            .map(|(id, edit)| Edited { channel: known(id), edit })
            .collect();
        edits.sort_by_key(|it| it.channel.id);
        let (favourites, settings) = (favourites.collect(), self.settings().await?);
        Ok(Backup { format: FORMAT.to_owned(), version: 1, favourites, edits, settings })
    }

    /// Take in what is in a backup: its favourites come first, its edits in the place of those of the same channels, its
    /// settings in the place of those of the same names.
    ///
    /// # Errors
    /// It is no backup, or one of a newer version; then nothing has changed. And as the store has them.
    pub async fn restore(&self, backup: Backup) -> Result<Restored, Error> {
        if backup.format != FORMAT || backup.version != 1 {
            return Err(Error::Invalid(format!("this is no backup of version 1: format is not {FORMAT:?}")));
        }
        let edits = backup.edits.iter().map(|it| &it.edit);
        edits.into_iter().try_for_each(super::changes::check)?;
        let this = self.clone();
        self.whole(async move { this.restore_now(backup).await }).await
    }

    async fn restore_now(&self, backup: Backup) -> Result<Restored, Error> {
        let writing = self.write().await?;
        let snapshot = self.snapshot();
        let here = tokio::task::spawn_blocking(move || Here::of(&snapshot)).await?;
        let mut restored = Restored {
            favourites: backup.favourites.len(),
            edits: backup.edits.len(),
            ..Restored::default()
        };
        let mut strangers = Vec::new();
        let mut find = |known: Known| {
            here.find(&known).unwrap_or_else(|| {
                restored.missing += 1;
                let id = known.id;
                strangers.push(known);
                id
            })
        };
        let favourites: Vec<_> =
            backup.favourites.into_iter().map(|it| (find(it.channel), it.added_at)).collect();
        let edits: Vec<_> = backup.edits.into_iter().map(|it| (find(it.channel), it.edit)).collect();
        writing.change_settings(backup.settings).await?;
        self.0.store.add_strangers(&strangers).await?;
        writing.put_edits(edits).await?;
        let before = self.personal();
        let mut all = Favourites::new();
        let others = before.favourites.iter().map(|(id, at)| (*id, *at));
        favourites.into_iter().chain(others).for_each(|(id, at)| _ = all.entry(id).or_insert(at));
        writing.put_favourites(all).await?;
        Ok(restored)
    }

    /// The name of this server as a device: 8 hexadecimal digits, the same for good.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn device_id(&self) -> Result<String, Error> {
        if let Some(known) = self.0.store.setting(DEVICE_ID).await? {
            return Ok(known);
        }
        let _writing = self.write().await?;
        // Another may have been first.
        if let Some(known) = self.0.store.setting(DEVICE_ID).await? {
            return Ok(known);
        }
        let new = format!("{:08X}", fastrand::u32(0x1000_0000..));
        self.0.store.set_setting(DEVICE_ID, &new).await?;
        Ok(new)
    }

    /// What clients keep here.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn settings(&self) -> Result<Map<String, Value>, Error> {
        let text = self.0.store.setting(SETTINGS).await?;
        Ok(text
            .map(|text| serde_json::from_str(&text))
            .transpose()
            .map_err(store::Error::from)?
            .unwrap_or_default())
    }

    /// Put `change` into what clients keep; `null` takes a name out.
    ///
    /// # Errors
    /// It would be too much; then nothing has changed. And as the store has them.
    pub async fn change_settings(&self, change: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        let this = self.clone();
        self.whole(async move {
            let writing = this.write().await?;
            writing.change_settings(change).await
        })
        .await
    }
}

impl Writing<'_> {
    async fn change_settings(&self, change: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        let mut settings = self.catalog.settings().await?;
        settings.extend(change);
        settings.retain(|_, value| !value.is_null());
        let text = serde_json::to_string(&settings).map_err(store::Error::from)?;
        if text.len() > SETTINGS_MAX {
            return Err(Error::Invalid(format!("settings: at most {SETTINGS_MAX} bytes are kept")));
        }
        self.catalog.0.store.set_setting(SETTINGS, &text).await?;
        Ok(settings)
    }
}
