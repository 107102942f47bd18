// SPDX-License-Identifier: MIT
// Which names an inode has, by majority of the three forms in which each stands: DIR_ITEM, DIR_INDEX and the inode's
// reference.
#pragma once

#include "libfs/ops/repair/names/name_form.h"

#include <optional>
#include <span>

namespace btrkit::repair {

/// A name as it should be, and the forms of it that are there.
struct Link {
    u64 parent = 0;
    u64 child = 0;
    u64 index = 0;
    std::string name = {};
    std::optional<NameForm> item = {};
    std::optional<NameForm> entry = {}; ///< the DIR_INDEX
    std::optional<NameForm> ref = {};

    /// Whether all three are there, alike, and where they must be.
    static bool has(const std::optional<NameForm>& form) { return form && form->is_well_formed; }
    bool is_sound() const {
        return has(item) && has(entry) && has(ref) && entry->index == index && ref->index == index;
    }
};

struct NamesOfInode {
    std::vector<Link> links;      ///< at least two forms are there
    std::vector<NameForm> strays; ///< forms that belong to none of these
};

/// Makes a name of the stray that tells most of it: a reference before an index before an item. False: there is none.
bool believe_a_stray(NamesOfInode& names);

/// Of all forms of one inode's names.
NamesOfInode vote(std::span<const NameForm> forms);

/// Whether a stray is what damage has made of a form of one of these links, or stands where only a form of them can, or
/// is one too many: so that it goes without loss.
bool is_explained(const NameForm& stray, std::span<const Link> links);

} // namespace btrkit::repair
