//! `kiln.v1.Pool`: the pools' numbers and the performance record, for operators.

use std::sync::Arc;

use tonic::{Request, Response, Status};

use crate::domain::LanguageId;
use crate::language::Catalogue;
use crate::pool::Pools;
use crate::proto::pool_server::Pool as Service;
use crate::proto::{GetPoolRequest, GetPoolResponse, GetStatsRequest, GetStatsResponse};
use crate::record::Record;

use super::{convert, stats, status};

/// Slow executions told of each language where the request does not say.
const SLOWEST_DEFAULT: u32 = 10;
/// As many as are remembered of a language.
const SLOWEST_MAX: u32 = 512;

/// The service.
#[derive(Debug)]
pub(super) struct PoolService {
    pub(super) pools: Arc<Pools>,
    pub(super) record: Record,
    pub(super) catalogue: Catalogue,
}

impl PoolService {
    /// The language that is asked for; `None` means all.
    fn only(&self, asked: &str) -> Result<Option<&LanguageId>, Status> {
        match (asked.is_empty(), self.catalogue.find(asked)) {
            (true, _) => Ok(None),
            (false, Some(spec)) => Ok(Some(&spec.id)),
            (false, None) => {
                Err(status::invalid_field("language", "it is not known; leave it empty to see all"))
            }
        }
    }
}

#[tonic::async_trait]
impl Service for PoolService {
    async fn get_pool(&self, request: Request<GetPoolRequest>) -> Result<Response<GetPoolResponse>, Status> {
        let only = self.only(&request.into_inner().language)?.map(LanguageId::as_str);
        let all = self.pools.snapshots().into_iter().chain(self.pools.other_snapshots());
        let chosen = all.filter(|pool| only.is_none_or(|only| pool.language == only));
        Ok(Response::new(GetPoolResponse { pools: chosen.map(convert::pool).collect() }))
    }

    async fn get_stats(
        &self,
        request: Request<GetStatsRequest>,
    ) -> Result<Response<GetStatsResponse>, Status> {
        let request = request.into_inner();
        let only = self.only(&request.language)?;
        let slowest = request.slowest.unwrap_or(SLOWEST_DEFAULT);
        if slowest > SLOWEST_MAX {
            let what = format!("{slowest} is over {SLOWEST_MAX}, as many as are remembered");
            return Err(status::invalid_field("slowest", &what));
        }
        let languages = self.record.languages(only, slowest as usize).into_iter().map(stats::language);
        let since = Some(stats::timestamp(self.record.since()));
        Ok(Response::new(GetStatsResponse { since, languages: languages.collect() }))
    }
}
