// SPDX-License-Identifier: MIT
// What mkfs fills a filesystem with, as its options say.
#pragma once

#include "apps/mkfs/flags.h"

namespace btrkit::apps {

/// Reads the directory or archive and changes in it what the options ask for. An empty tree without either.
/// epoch: SOURCE_DATE_EPOCH, where it is set.
Result<source::SourceTree> read_source(const MkfsFlags& flags, source::Time now, std::optional<std::int64_t> epoch);

} // namespace btrkit::apps
