// SPDX-License-Identifier: MIT
// docs/json-schema-subvolume.md: a document of each verb, as text.
#pragma once

#include "apps/common/document.h"
#include "apps/subvolume/answer.h"
#include "apps/subvolume/subvolume.h"
#include "libfs/ops/subvolume/command.h"
#include "libfs/ops/subvolume/list.h"
#include "libfs/ops/subvolume/property.h"
#include "libfs/ops/subvolume/show.h"

namespace btrkit::apps {

constexpr unsigned subvolume_version = 2; ///< of all these documents
constexpr Document change_document{.tool = subvolume_tool, .name = "subvolume-change", .version = subvolume_version};

std::string list_json(const ImageFlags& flags, const Filesystem& filesystem, const subvolume::ListReport& report);
std::string show_json(const ImageFlags& flags, const Filesystem& filesystem, const subvolume::ShowReport& report);
std::string default_json(const ImageFlags& flags, const Filesystem& filesystem,
                         const subvolume::SubvolumeInfo& subvolume);
std::string properties_json(const ImageFlags& flags, const Filesystem& filesystem, const std::string& object,
                            const std::vector<subvolume::Property>& properties);

/// What commands have done: trees has of each the subvolume that it was about, 0 where it was about none.
Json changes_json(std::span<const subvolume::Command> commands, std::span<const u64> trees);

} // namespace btrkit::apps
