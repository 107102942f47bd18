// SPDX-License-Identifier: MIT
// How full a filesystem is, as text and as JSON.
#pragma once

#include "apps/common/group_type_text.h"
#include "apps/usage/answer.h"
#include "libfs/ops/usage/space/space.h"

namespace btrkit::apps {

struct DfStyle {
    SizeForm sizes = SizeForm::iec;
    bool is_table = false;  ///< the peer's -T
    bool peer_only = false; ///< nothing but what the peer tells
};

/// What `btrfs filesystem usage` prints, and behind it what that does not know.
std::string df_text(const usage::SpaceReport& report, const DfStyle& style);
/// The peer's summary, its lists by profile, and its table.
std::string df_overall_text(const usage::SpaceReport& report, SizeForm sizes);
std::string df_profiles_text(const usage::SpaceReport& report, SizeForm sizes);
std::string df_table_text(const usage::SpaceReport& report, SizeForm sizes);

/// The document of docs/json-schema-usage.md.
std::string df_json(const UsageFlags& flags, const Filesystem& filesystem, const usage::SpaceReport& report);

} // namespace btrkit::apps
