// SPDX-License-Identifier: MIT
// docs/json-schema-send.md: the document of a send, and the objects of a dry run's lines.
#pragma once

#include "apps/common/document.h"
#include "apps/send/flags.h"
#include "libfs/fs/filesystem.h"
#include "libfs/render/fields_json.h"

namespace btrkit::apps {

inline constexpr Document change_list_document{.tool = "btrkit-send", .name = "send-changes", .version = 2};

/// "created"
std::string_view word(send::PathChange change);

Json changed_path_json(u64 tree, const send::ChangedPath& path);
Json sent_subvolume_json(const send::SentSubvolume& subvolume);
Json skipped_json(const send::Skipped& skipped);

Json send_json(const SendFlags& flags, const Filesystem& filesystem, const send::Report& report);

} // namespace btrkit::apps
