// SPDX-License-Identifier: MIT
// Whose an address is, as text and as JSON.
#pragma once

#include "libfs/ops/resolve/resolve.h"
#include "libfs/render/fields_json.h"

#include <string>

namespace btrkit::apps {

/// From the top of the filesystem: for btrkit-cat and the like.
std::string full_path(const std::string& subvolume, const std::string& path);

std::string address_text(const resolve::AddressReport& report);
/// Paths alone, a line each, sorted, each once. (Of a tree block the subvolumes that reach it.)
std::string address_paths(const resolve::AddressReport& report);
/// What is at a place of a device, before what is at its address.
std::string place_text(const resolve::PlaceReport& report);

/// Parts of the documents of docs/json-schema-resolve.md.
Json address_json(const resolve::AddressReport& report);
Json place_json(const resolve::PlaceReport& report);

/// Where not all is told: why, for a message; else empty.
std::string why_not_all(const resolve::AddressReport& report);

} // namespace btrkit::apps
