// SPDX-License-Identifier: MIT
// docs/json-schema-subvolume.md: a document of each verb, as text.
#pragma once

#include "apps/subvolume/answer.h"
#include "libfs/ops/subvolume/list.h"
#include "libfs/ops/subvolume/property.h"
#include "libfs/ops/subvolume/show.h"

namespace btrkit::apps {

std::string list_json(const ImageFlags& flags, const Filesystem& filesystem, const subvolume::ListReport& report);
std::string show_json(const ImageFlags& flags, const Filesystem& filesystem, const subvolume::ShowReport& report);
std::string default_json(const ImageFlags& flags, const Filesystem& filesystem,
                         const subvolume::SubvolumeInfo& subvolume);
std::string properties_json(const ImageFlags& flags, const Filesystem& filesystem, const std::string& object,
                            const std::vector<subvolume::Property>& properties);

} // namespace btrkit::apps
